// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckCommandTests {
  @TempDir private Path folder;
  private Path good;

  @BeforeEach
  void writeGoodFile() throws IOException {
    good = folder.resolve("good.safetensors");
    Samples.write(good, "t", DType.F32, Shape.of(2, 3));
  }

  @Test
  void acceptsAGoodFile() {
    Fst fst = Fst.run("check", good);
    assertThat(fst.outLines()).containsExactly("ok " + good);
    assertThat(fst.exit()).isZero();
  }

  @Test
  void rejectsByRuleAndGoesOn() throws IOException {
    Path small = Files.write(folder.resolve("small"), new byte[3]);
    String hole = "{\"t\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}";
    Path holed = Samples.raw(folder.resolve("holed"), hole, 3);
    Fst fst = Fst.run("check", small, good, holed);
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.outLines()).hasSize(3);
    assertThat(fst.outLines().get(0)).startsWith("reject HeaderTooSmall " + small + ": ");
    assertThat(fst.outLines().get(1)).isEqualTo("ok " + good);
    assertThat(fst.outLines().get(2))
        .startsWith("reject InvalidOffset " + holed + ": ")
        .contains("'t'");
  }

  @Test
  void rejectsWhatCanNotBeRead() throws IOException {
    Path missing = folder.resolve("missing");
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Fst fst = Fst.run("check", missing, empty);
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.outLines()).hasSize(2);
    assertThat(fst.outLines().get(0)).startsWith("reject IoError " + missing + ": ");
    assertThat(fst.outLines().get(1)).startsWith("reject IoError " + empty + ": ");
  }

  @Test
  void aLineStaysALineWhateverTheNames() throws IOException {
    String header = "{\"a\\nb\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,1]}}";
    Path file = Samples.raw(folder.resolve("new\nline"), header, 1);
    Fst fst = Fst.run("check", file);
    assertThat(fst.outLines()).hasSize(1);
    assertThat(fst.out()).startsWith("reject TensorInvalidInfo ").contains("new\\nline");
  }

  @Test
  void checksTheFilesOfAFolderByName() throws IOException {
    Files.createDirectory(folder.resolve("below"));
    Samples.write(folder.resolve("below/deep"), "t", DType.U8, Shape.of());
    for (int i = 0; i < 300; i++) {
      Samples.write(folder.resolve("f" + i), "t", DType.U8, Shape.of(i));
    }
    Files.write(folder.resolve("f7"), new byte[7]);
    Fst fst = Fst.run("check", "--batch", folder);
    List<String> files =
        fst.outLines().stream().map(line -> line.replaceFirst("\\D* (/[^:]*).*", "$1")).toList();
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.outLines()).hasSize(301).noneMatch(line -> line.contains("deep"));
    assertThat(fst.outLines().stream().filter(line -> line.startsWith("ok "))).hasSize(300);
    assertThat(files).isSortedAccordingTo(Comparator.naturalOrder());
  }

  @Test
  void aBatchOfNothingIsOkAndAMissingFolderIsNot() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertThat(Fst.run("check", "--batch", empty)).isEqualTo(new Fst(0, "", ""));
    Fst missing = Fst.run("check", "--batch", folder.resolve("none"));
    assertThat(missing.exit()).isEqualTo(1);
    assertThat(missing.errLines()).containsExactly("fst: " + folder + "/none: no such file");
  }

  @Test
  void checksCheckpointsAndListsAllThatIsWrong() throws IOException {
    Path model = folder.resolve("model");
    Fst.run("make", model, "--bytes", "64KiB", "--tensors", "4", "--shards", "4");
    Files.writeString(model.resolve("config.json"), "{\"hidden_size\": 8}");
    Path index = model.resolve("model.safetensors.index.json");
    for (Path path : List.of(model, index)) {
      Fst fst = Fst.run("check", path);
      assertThat(fst.exit()).isZero();
      assertThat(fst.outLines()).hasSize(5).allMatch(line -> line.startsWith("ok "));
      assertThat(fst.outLines().getLast()).isEqualTo("ok " + path);
    }
    Path cut = model.resolve("model-00001-of-00004.safetensors");
    Files.write(cut, new byte[100]);
    Files.delete(model.resolve("model-00002-of-00004.safetensors"));
    Files.delete(model.resolve("model-00004-of-00004.safetensors"));
    Fst fst = Fst.run("check", model, good);
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.outLines()).hasSize(5);
    assertThat(fst.outLines().get(0)).startsWith("reject InvalidHeaderDeserialization " + cut);
    assertThat(fst.outLines().get(1)).startsWith("ok ");
    assertThat(fst.outLines().get(2)).contains("00002-of-00004.safetensors, which does not exist");
    assertThat(fst.outLines().get(3)).contains("00004-of-00004.safetensors, which does not exist");
    assertThat(fst.outLines().get(4)).isEqualTo("ok " + good);
  }

  @Test
  void aBatchSkipsWhatIsPlainlyNoWeights() throws IOException {
    Path model = folder.resolve("model");
    Fst.run("make", model, "--bytes", "64KiB", "--tensors", "2", "--shards", "2");
    Files.writeString(model.resolve("config.json"), "{\"hidden_size\": 8}");
    Files.writeString(model.resolve("LICENSE"), "Permission is hereby granted to nobody.");
    Files.createFile(model.resolve("__init__.py"));
    Files.createFile(model.resolve(".gitkeep"));
    Fst fst = Fst.run("check", "--batch", model);
    assertThat(fst.exit()).isZero();
    assertThat(fst.outLines().stream().map(line -> line.replaceFirst(" (/[^:]*/)", " ")))
        .containsExactly(
            "skip LICENSE: plain text",
            "skip __init__.py: an empty file",
            "skip config.json: JSON text",
            "ok model-00001-of-00002.safetensors",
            "ok model-00002-of-00002.safetensors",
            "ok model.safetensors.index.json");
    Files.writeString(model.resolve("model.safetensors"), "Entry not found");
    Files.delete(model.resolve("model-00002-of-00002.safetensors"));
    Fst broken = Fst.run("check", "--batch", model);
    assertThat(broken.exit()).isEqualTo(1);
    assertThat(broken.out())
        .contains("reject HeaderTooLarge " + model + "/model.safetensors: ")
        .contains("model-00002-of-00002.safetensors, which does not exist")
        .contains("model-00002-of-00002.safetensors is missing");
  }

  @Test
  void aBatchKnowsLinksToNothing() throws IOException {
    Path link = folder.resolve("model-2-of-2.safetensors");
    Samples.write(folder.resolve("model-1-of-2.safetensors"), "a", DType.U8, Shape.of());
    Files.createSymbolicLink(link, Path.of("nowhere"));
    Fst fst = Fst.run("check", "--batch", folder);
    assertThat(fst.exit()).isEqualTo(1);
    assertThat(fst.out()).contains(link + " is a link to nowhere, which does not exist");
  }

  @Test
  void wantsFiles() {
    Fst fst = Fst.run("check");
    assertThat(fst.exit()).isEqualTo(2);
    assertThat(fst.err()).contains("PATH", "--batch");
  }
}
