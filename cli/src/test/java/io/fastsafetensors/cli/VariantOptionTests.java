// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Of indexes, sets and files in one folder, the variant chooses. */
class VariantOptionTests {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"load", "digest", "inspect", "check"})
  void aVariantChooses(String command) throws IOException {
    TestFolder files = new TestFolder(folder);
    files.weights("model", "plain");
    files.weights("model.fp16", "half");
    files.weights("model.ema-1-of-1", "ema");
    files.weights("sub/x", "eight");
    files.index("model.safetensors.index.fp8.json", "eight", "sub/x");
    files.index("model.int4.safetensors.index.json", "none", "none");
    Map<String, String> variants =
        Map.of("", "model", "fp16", "model.fp16", "ema", "model.ema-1-of-1", "fp8", "sub/x");
    variants.forEach((variant, file) -> {
      Fst fst = Fst.run(command, folder, "--variant", variant);
      assertThat(fst.err()).isEmpty();
      assertThat(fst.exit()).isZero();
      if (!command.equals("digest")) {
        assertThat(fst.out()).contains(folder.resolve(file + ".safetensors").toString());
      }
    });
    Fst missing = Fst.run(command, folder, "--variant", "int4");
    assertThat(missing.exit()).isEqualTo(1);
    assertThat(missing.out() + missing.err()).contains("none.safetensors, which does not exist");
    Fst unknown = Fst.run(command, folder, "--variant", "fp32");
    assertThat(unknown.exit()).isEqualTo(1);
    assertThat(unknown.out() + unknown.err()).contains("has no variant 'fp32', but", "'fp16'");
  }
}
