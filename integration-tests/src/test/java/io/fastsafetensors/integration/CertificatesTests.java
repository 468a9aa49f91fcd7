// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every plug-in of ours that works here is certified; the certificates are kept in target. */
@Tag("slow")
class CertificatesTests {
  private static final Path CERTIFICATES = Path.of("target", "certificates");

  @TempDir private Path folder;

  @Test
  void ourPlugInsAreCertified() throws Exception {
    Path certificate = CERTIFICATES.resolve("built-in.md");
    Jvm fst =
        Distribution.fst(
            folder,
            List.of(),
            "certify",
            "--report",
            certificate.toString(),
            "--report",
            CERTIFICATES.resolve("built-in.xml").toString());
    assertThat(fst.exit()).as(fst.output()).isZero();
    assertThat(fst.output())
        .contains("backend cpu on cpu: certified: ", " 0 refused, ")
        .doesNotContain(": refused", "backend sim on");
    assertThat(certificate).content().contains("## backend cpu on cpu", "Java 25", "| IO-103 | ");
  }

  @Test
  void cudaIsCertifiedOverTheSimulatedDriver() throws Exception {
    Path simulated = Path.of("..", "device-cuda", "target", "simulated").toAbsolutePath();
    Assumptions.assumeTrue(
        Files.exists(simulated.resolve("libcuda.so.1")),
        "no simulated CUDA driver: the tests of device-cuda build it, with gcc");
    Assumptions.assumeTrue(
        Distribution.has("device-cuda"), "device-cuda is not in the command's distribution yet");
    Path certificate = CERTIFICATES.resolve("cuda-simulated.md");
    Jvm fst =
        Distribution.fst(
            folder,
            Map.of("LD_LIBRARY_PATH", simulated.toString()),
            List.of(),
            "certify",
            "--device",
            "cuda",
            "--report",
            certificate.toString());
    assertThat(fst.exit()).as(fst.output()).isZero();
    assertThat(certificate).content().contains("## device cuda on cuda:0", "Simulated GPU");
  }

  @Test
  void aPlugInThatIsNotThereIsAnError() throws Exception {
    Jvm fst = Distribution.fst(folder, List.of(), "certify", "--backend", "nobody");
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.output()).contains("nobody: no such plug-in");
  }
}
