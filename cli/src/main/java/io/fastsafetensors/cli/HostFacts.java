// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.toolkit.text.Amounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What of the JVM and the host matters to a load; of Linux, from {@code /proc} and {@code /sys}.
 */
final class HostFacts {
  private static final String HUGE_PAGES = "/sys/kernel/mm/transparent_hugepage/";

  private HostFacts() {}

  /** Returns facts by name, in the order to print them. */
  static Map<String, String> read() {
    Runtime runtime = Runtime.getRuntime();
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("java", properties("java.runtime.version", "java.vendor", "java.home"));
    facts.put("os", properties("os.name", "os.version", "os.arch"));
    facts.put("cores", Integer.toString(runtime.availableProcessors()));
    facts.put("heap", "at most " + Amounts.bytes(runtime.maxMemory()));
    facts.put("memory", lines("/proc/meminfo", "MemTotal", "MemAvailable", "Cached"));
    facts.put("huge pages", hugePages());
    facts.put("limits", lines("/proc/self/limits", "Max open files", "Max locked memory"));
    return facts;
  }

  private static String properties(String... names) {
    return Arrays.stream(names).map(System::getProperty).collect(Collectors.joining(" "));
  }

  private static String hugePages() {
    return "transparent "
        + String.join(" ", lines(HUGE_PAGES + "enabled"))
        + ", defrag "
        + String.join(" ", lines(HUGE_PAGES + "defrag"))
        + "; "
        + lines("/proc/meminfo", "HugePages_Total", "HugePages_Free", "Hugepagesize");
  }

  /** Returns the lines that start with one of the words, with single blanks. */
  private static String lines(String file, String... starts) {
    String found =
        lines(file).stream()
            .filter(line -> Stream.of(starts).anyMatch(line::startsWith))
            .map(line -> line.strip().replaceAll("\\s+", " "))
            .collect(Collectors.joining(", "));
    return found.isEmpty() ? "unknown" : found;
  }

  private static List<String> lines(String file) {
    try {
      return Files.readAllLines(Path.of(file));
    } catch (IOException e) {
      return List.of("unknown");
    }
  }
}
