// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the disk gives at best: {@code fio}, where it is installed, with direct reads in a queue.
 */
final class DiskLimit {
  private static final Path FIO = Path.of("/usr/bin/fio");
  private static final Pattern RUNTIME_MILLIS = Pattern.compile("\"runtime\" : (\\d+)");

  private DiskLimit() {}

  static Optional<Way> way() {
    return Files.isExecutable(FIO)
        ? Optional.of(new Way("fio, direct, 16 MiB x 16 deep (ignores the cache)", DiskLimit::read))
        : Optional.empty();
  }

  private static long read(Path folder) throws IOException {
    long nanos = 0;
    for (Path file : Host.files(folder)) {
      nanos += readFile(file);
    }
    return nanos;
  }

  private static long readFile(Path file) throws IOException {
    List<String> command =
        List.of(
            FIO.toString(),
            "--name=limit",
            "--readonly",
            "--rw=read",
            "--direct=1",
            "--bs=16m",
            "--iodepth=16",
            "--ioengine=libaio",
            "--output-format=json",
            "--filename=" + file);
    Process process = new ProcessBuilder(command).start();
    String report = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Matcher matcher = RUNTIME_MILLIS.matcher(report);
    if (matcher.find()) {
      return Long.parseLong(matcher.group(1)) * 1_000_000;
    }
    throw new IOException("fio told no run time: " + report);
  }
}
