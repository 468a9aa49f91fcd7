// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.cli.LoadArguments.RankFiles;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.TypeConversionException;

class RankFilesTests {
  @Test
  void readsFilesOfARank() {
    assertThat(RankFiles.parse("3=a,/b/c=d", new PathArguments()))
        .isEqualTo(new RankFiles(3, List.of(Path.of("a"), Path.of("/b/c=d"))));
    for (String text : List.of("a", "=a", "x=a", "-1=a")) {
      assertThatThrownBy(() -> RankFiles.parse(text, new PathArguments()))
          .isInstanceOf(TypeConversionException.class);
    }
  }
}
