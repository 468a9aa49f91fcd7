// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.cufile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the library is looked for. */
class LibrariesTests {
  @TempDir private Path folder;

  private String library(String where) throws IOException {
    Path file = folder.resolve(where).resolve("libcufile.so.0");
    Files.createDirectories(file.getParent());
    return Files.createFile(file).toString();
  }

  @Test
  void theDynamicLinkerIsAskedFirst() {
    assertThat(Libraries.candidates("", Map.of())).startsWith("libcufile.so.0");
  }

  @Test
  void toolkitsAndWheelsAreLookedThrough() throws IOException {
    String toolkit = library("cuda/lib64");
    String wheel = library("venv/lib/python3.12/site-packages/nvidia/cufile/lib");
    String newer = library("venv/lib/python3.12/site-packages/nvidia/cu13/lib");
    String user = library("home/.local/lib/python3.11/site-packages/nvidia/cufile/lib");
    Map<String, String> environment =
        Map.of(
            "CUDA_HOME", folder.resolve("cuda").toString(),
            "VIRTUAL_ENV", folder.resolve("venv").toString(),
            "HOME", folder.resolve("home").toString());
    assertThat(Libraries.candidates("", environment))
        .containsSubsequence("libcufile.so.0", toolkit, newer, wheel, user);
  }

  @Test
  void aSettingIsTheOnlyCandidate() {
    assertThat(Libraries.candidates("/set", Map.of())).containsExactly("/set");
  }
}
