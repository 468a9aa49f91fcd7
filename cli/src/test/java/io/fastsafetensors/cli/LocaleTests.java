// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.StringTokenizer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the command prints doesn't depend on the locale; names beyond ASCII work or are told. */
@Tag("slow")
@Timeout(240)
class LocaleTests {
  private static final String ARABIC = "-Duser.language=ar -Duser.country=EG -Duser.variant=";

  @TempDir private Path folder;

  /** Numbers of Arabic in Egypt have digits of their own, those of Turkish another i. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "inspect FILE",
        "load FILE --threads 5000",
        "load FILE --dtype zz*=F16",
        "load FILE --memory-budget 10",
        "digest FILE --shard a0=7",
        "make DIR/m --bytes 0",
        "launch -n 0 -- check FILE",
        "load FILE --device cpu:3"
      })
  void digitsAreTheSame(String line) throws Exception {
    Path file = folder.resolve("i.safetensors");
    Samples.write(file, "a0", DType.F32, Shape.of(100, 20));
    Object[] words =
        Collections.list(
                new StringTokenizer(line.replace("FILE", file + "").replace("DIR", folder + "")))
            .toArray();
    Fst usual = FstProcess.run(folder, Map.of(), words);
    for (String options : new String[] {ARABIC, "-Duser.language=tr", "-Duser.language=hi"}) {
      Fst other = FstProcess.run(folder, Map.of("JDK_JAVA_OPTIONS", options), words);
      assertThat(other.exit()).isEqualTo(usual.exit());
      assertThat(withoutTimes(other.out())).isEqualTo(withoutTimes(usual.out()));
      assertThat(other.err().lines().filter(text -> !text.startsWith("NOTE: Picked up")))
          .containsExactlyElementsOf(usual.errLines());
    }
  }

  /** Only digits as they should be are taken out. */
  private static String withoutTimes(String text) {
    return text.replaceAll("[0-9]+\\.[0-9]+(e-[0-9]+)?", "N");
  }

  @Test
  void anArgumentThatTheLocaleHasNoCharactersForIsNamed() throws Exception {
    Path file = folder.resolve("größe.safetensors");
    Samples.write(file, "a0", DType.F32, Shape.of(1));
    Fst right = FstProcess.run(folder, Map.of("LC_ALL", "C.UTF-8"), "check", file);
    assertThat(right.out()).isEqualTo("ok " + file + System.lineSeparator());
    Fst fst = FstProcess.run(folder, Map.of("LC_ALL", "C"), "check", file);
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.errLines())
        .hasSize(1)
        .first()
        .asString()
        .contains("characters that are not in ANSI_X3.4-1968", "set LC_ALL=C.UTF-8");
  }

  @Test
  void aFolderOfSuchNamesLoadsAllTheSame() throws Exception {
    Path checkpoint = Files.createDirectory(folder.resolve("m"));
    Samples.write(checkpoint.resolve("größe.safetensors"), "ä", DType.F32, Shape.of(1));
    Fst fst = FstProcess.run(folder, Map.of("LC_ALL", "C"), "digest", checkpoint);
    assertThat(fst.out()).endsWith("  F32  [1]  ä" + System.lineSeparator());
  }
}
