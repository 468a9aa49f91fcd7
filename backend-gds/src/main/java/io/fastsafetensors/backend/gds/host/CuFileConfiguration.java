// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The switches of cuFile's configuration that decide about peer to peer: in a file of JSON with
 * comments, and in environment variables, which win.
 *
 * @param forcesCompatibility whether all reads go through the host
 * @param allowsCompatibility whether reads may go through the host
 * @param usesPciP2p whether NVMe may be read without nvidia-fs, by the kernel's own transfers
 */
record CuFileConfiguration(
    boolean forcesCompatibility, boolean allowsCompatibility, boolean usesPciP2p) {
  private static final String FILE_VARIABLE = "CUFILE_ENV_PATH_JSON";

  /** ReadCuts it; what is not said is as in cuFile's defaults. */
  static CuFileConfiguration read(Path root, Map<String, String> environment) {
    String file = environment.getOrDefault(FILE_VARIABLE, root.resolve("etc/cufile.json") + "");
    Settings settings = new Settings(text(Path.of(file)), environment);
    return new CuFileConfiguration(
        settings.isOn("force_compat_mode", "CUFILE_FORCE_COMPAT_MODE", false),
        settings.isOn("allow_compat_mode", "CUFILE_ALLOW_COMPAT_MODE", true),
        settings.isOn("use_pci_p2pdma", "CUFILE_USE_PCIP2PDMA", false));
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8).replaceAll("(?m)^\\s*//.*$", "");
    } catch (IOException e) {
      return ""; // cuFile does without it, too
    }
  }

  private record Settings(String json, Map<String, String> environment) {
    boolean isOn(String name, String variable, boolean otherwise) {
      String set = environment.getOrDefault(variable, "");
      if (!set.isEmpty()) {
        return set.equalsIgnoreCase("true") || set.equals("1");
      }
      Matcher found = Pattern.compile("\"" + name + "\"\\s*:\\s*(true|false)").matcher(json);
      return found.find() ? Boolean.parseBoolean(found.group(1)) : otherwise;
    }
  }
}
