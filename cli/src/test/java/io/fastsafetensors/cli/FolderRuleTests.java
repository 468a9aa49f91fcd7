// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** All commands have one rule for what checkpoint a folder is, and refuse all others alike. */
class FolderRuleTests {
  private static final List<String> COMMANDS = List.of("load", "digest", "inspect", "check");

  @TempDir private Path folder;

  /** Makes the files of a case. */
  @FunctionalInterface
  interface Setup {
    void in(TestFolder folder) throws Exception;
  }

  private static Arguments of(String name, Setup setup, String... words) {
    return arguments(name, setup, List.of(words));
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        of("nothing", _ -> {}, "no .safetensors files in this folder"),
        of(
            "nothing but a part",
            t -> t.empty("model.safetensors.incomplete"),
            "no .safetensors files",
            "model.safetensors.incomplete"),
        of(
            "the hub's own part",
            t -> t.empty(".cache/huggingface/download/x.0f.incomplete"),
            "no .safetensors files",
            "x.0f.incomplete"),
        of(
            "the last of a set",
            t -> {
              t.weights("model-00001-of-00003", "a");
              t.weights("model-00002-of-00003", "b");
            },
            "model-00003-of-00003.safetensors is missing",
            "2 of the 3 files"),
        of(
            "the middle of a set from 0",
            t -> {
              t.weights("x-0-of-3", "a");
              t.weights("x-2-of-3", "b");
            },
            "x-1-of-3.safetensors is missing"),
        of("the first of a set", t -> t.weights("m_00002-of-00002", "a"), "m_00001-of-00002."),
        of(
            "a variant's set",
            t -> t.weights("model.fp16-00001-of-00002", "a"),
            "model.fp16-00002-of-00002.safetensors is missing"),
        of(
            "an older name of a variant's set",
            t -> t.weights("model-00001-of-00002.fp16", "a"),
            "model-00002-of-00002.fp16.safetensors is missing"),
        of(
            "a shard being downloaded",
            t -> {
              t.weights("model-00001-of-00002", "a");
              t.empty("model-00002-of-00002.safetensors.incomplete");
            },
            "model-00002-of-00002.safetensors is missing",
            "isn't finished",
            "00002.safetensors.incomplete"),
        of(
            "one number too many",
            t -> {
              t.weights("m-0-of-2", "a");
              t.weights("m-1-of-2", "b");
              t.weights("m-2-of-2", "c");
            },
            "m-2-of-2.safetensors",
            "numbered from 0 to 1"),
        of(
            "one number twice",
            t -> {
              t.weights("m-1-of-2", "a");
              t.weights("m-01-of-2", "b");
            },
            "have the same number"),
        of(
            "two sets",
            t -> {
              t.weights("m-1-of-1", "a");
              t.weights("m.fp16-1-of-1", "b");
            },
            "has several checkpoints",
            "m-*-of-1.safetensors",
            "variant 'fp16'"),
        of(
            "a set beside a file",
            t -> {
              t.weights("model-1-of-1", "a");
              t.weights("consolidated", "b");
            },
            "has several checkpoints",
            "model-*-of-1.safetensors",
            "consolidated.safetensors"),
        of(
            "two variants",
            t -> {
              t.weights("model", "a");
              t.weights("model.fp16", "b");
            },
            "has several checkpoints",
            "model.safetensors",
            "model.fp16.safetensors (variant 'fp16')"),
        of(
            "two variants and none without a name",
            t -> {
              t.weights("model.bf16", "a");
              t.weights("model.fp16", "b");
            },
            "has several checkpoints"),
        of(
            "a copy under other names",
            t -> {
              t.weights("model", "a");
              t.weights("consolidated", "b");
            },
            "has several checkpoints"),
        of(
            "two indexes",
            t -> {
              t.weights("model", "a");
              t.weights("model.fp16", "a");
              t.index(TestFolder.INDEX, "a", "model");
              t.index("model.safetensors.index.fp16.json", "a", "model.fp16");
            },
            "has several checkpoints",
            TestFolder.INDEX,
            "model.safetensors.index.fp16.json (variant 'fp16')"),
        of(
            "two models' indexes",
            t -> {
              t.weights("model", "a");
              t.index(TestFolder.INDEX, "a", "model");
              t.index("consolidated.safetensors.index.json", "a", "model");
            },
            "consolidated.safetensors.index.json"),
        of(
            "a shard of another index",
            t -> {
              t.weights("unet-1-of-2", "a");
              t.index("unet.safetensors.index.json", "a", "unet-1-of-2", "b", "unet-2-of-2");
            },
            "unet-2-of-2.safetensors, which does not exist"),
        of(
            "a shard of a variant's index",
            t -> {
              t.weights("model.fp16-1-of-2", "a");
              t.index(
                  "model.fp16.safetensors.index.json",
                  "a",
                  "model.fp16-1-of-2",
                  "b",
                  "model.fp16-2-of-2");
            },
            "model.fp16-2-of-2.safetensors, which does not exist"),
        of(
            "a link to nothing",
            t -> {
              t.weights("model-1-of-2", "a");
              t.link("model-2-of-2.safetensors", "../../blobs/bb");
            },
            "model-2-of-2.safetensors is a link to ../../blobs/bb, which does not exist",
            "download"),
        of(
            "a link to what is being downloaded",
            t -> {
              t.empty("blobs/bb.incomplete");
              t.link("model.safetensors", "blobs/bb");
            },
            "bb.incomplete is there"),
        of(
            "an index' link to nothing",
            t -> {
              t.link("model.safetensors", "blob");
              t.index(TestFolder.INDEX, "a", "model");
            },
            TestFolder.INDEX + " names",
            "model.safetensors, which is a link to blob, which does not exist"),
        of(
            "a link in a circle",
            t -> t.link("model.safetensors", "model.safetensors"),
            "model.safetensors is a link that leads in a circle"),
        of(
            "an index that is a link to nothing",
            t -> t.link(TestFolder.INDEX, "blob"),
            TestFolder.INDEX + ": can't read this index"),
        of(
            "a part of a file without a number",
            t -> {
              t.weights("a", "a");
              t.empty("b.safetensors.part");
            },
            "b.safetensors.part: a download that isn't finished"),
        of(
            "a part of an index",
            t -> {
              t.weights("a", "a");
              t.empty("model.safetensors.index.json.crdownload");
            },
            "index.json.crdownload: a download that isn't finished"),
        of(
            "a part by rsync",
            t -> {
              t.weights("a", "a");
              t.empty(".b.safetensors.aB3dE6");
            },
            ".b.safetensors.aB3dE6: a download that isn't finished"),
        of(
            "a file that aria2 fills",
            t -> {
              t.weights("model", "a");
              t.empty("model.safetensors.aria2");
            },
            "model.safetensors is not complete",
            "aria2"),
        of(
            "a tensor in two files",
            t -> {
              t.weights("model", "a");
              t.weights("adapter", "a");
            },
            "tensor 'a' is in two files",
            "instead of the folder"),
        of(
            "a tensor that the index lists elsewhere",
            t -> {
              t.weights("x", "a");
              t.weights("y", "b");
              t.index(TestFolder.INDEX, "a", "y", "b", "x");
            },
            "lists tensor 'a'"),
        of(
            "an index that is a Git LFS pointer",
            t -> {
              t.weights("model", "a");
              Files.writeString(
                  t.path().resolve(TestFolder.INDEX),
                  "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 25125\n");
            },
            "Git LFS pointer",
            "git lfs pull"),
        of("an index that is a page", t -> t.page(TestFolder.INDEX), "an HTML page"),
        of(
            "an index without end",
            t -> t.link(TestFolder.INDEX, "/dev/zero"),
            "it is not a regular file"),
        of("an index of gigabytes", TestFolder::hugeIndex, "an index may have 100000000"),
        of("an index that is a pipe", t -> t.pipe(TestFolder.INDEX), "it is not a regular file"),
        of("weights that are a pipe", t -> t.pipe("a.safetensors"), "it is not a regular file"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void everyCommandRefuses(String name, Setup setup, List<String> words) throws Exception {
    setup.in(new TestFolder(folder));
    for (String command : COMMANDS) {
      Fst fst = Fst.run(command, folder);
      assertThat(fst.exit()).as(command + ": " + name).isEqualTo(1);
      assertThat(fst.out() + fst.err()).as(command).contains(words);
      assertThat(command.equals("check") ? List.of("") : fst.errLines()).as(command).hasSize(1);
    }
  }

  static Stream<Arguments> taken() {
    return Stream.of(
        of("one file", t -> t.weights("model", "a"), "a"),
        of(
            "several files",
            t -> {
              t.weights("a", "a");
              t.weights("layers.attention", "b");
              t.weights("layers.mlp", "c");
              t.weights("part.00", "d");
              t.weights("part.01", "e");
            },
            "abcde"),
        of(
            "a set from 0",
            t -> {
              t.weights("m-00000-of-00002", "a");
              t.weights("m-00001-of-00002", "b");
            },
            "ab"),
        of(
            "a set from 1 whose name has a version",
            t -> {
              t.weights("llama-3.1-1-of-2", "a");
              t.weights("llama-3.1-2-of-2", "b");
            },
            "ab"),
        of(
            "another name of an index, and a second set",
            t -> {
              t.weights("unet-1-of-2", "a");
              t.weights("unet-2-of-2", "b");
              t.weights("unet-1-of-4", "a");
              t.weights("stray", "c");
              t.index("unet.safetensors.index.json", "a", "unet-1-of-2", "b", "unet-2-of-2");
            },
            "ab"),
        of(
            "an index with a variant",
            t -> {
              t.weights("sub/model.fp16", "a");
              t.weights("model", "a");
              t.index("model.safetensors.index.fp16.json", "a", "sub/model.fp16");
            },
            "a"),
        of(
            "what is beside a model",
            t -> {
              t.weights("model", "a");
              t.weights(".hidden", "a");
              t.weights("folder.safetensors/x", "a");
              t.empty("old.safetensors.index.json.bak");
              t.empty("model.safetensors.part");
              t.empty("pytorch_model.bin.incomplete");
              t.empty("pytorch_model.bin.index.json");
              t.empty("config.json");
            },
            "a"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("taken")
  void everyCommandTakes(String name, Setup setup, List<String> tensors) throws Exception {
    setup.in(new TestFolder(folder));
    for (String command : COMMANDS) {
      Fst fst = Fst.run(command, folder);
      assertThat(fst.err()).as(command + ": " + name).isEmpty();
      assertThat(fst.exit()).as(command).isZero();
    }
    String names =
        Fst.run("digest", folder).outLines().stream()
            .map(line -> line.substring(line.lastIndexOf(' ') + 1))
            .collect(Collectors.joining());
    assertThat(names).isEqualTo(tensors.getFirst());
  }

  /** A snapshot of the hub: the index, too, is a link, and names files beside the link. */
  @Test
  void anIndexMayBeALink() throws IOException {
    TestFolder files = new TestFolder(folder);
    Path blobs = Files.createDirectories(folder.resolve("blobs"));
    Path snapshot = Files.createDirectories(folder.resolve("snapshots/0a"));
    Files.move(files.weights("w", "a"), blobs.resolve("aa"));
    Files.move(files.index(TestFolder.INDEX, "a", "model-1-of-1"), blobs.resolve("ii"));
    Files.createSymbolicLink(
        snapshot.resolve("model-1-of-1.safetensors"), Path.of("../../blobs/aa"));
    Files.createSymbolicLink(snapshot.resolve(TestFolder.INDEX), Path.of("../../blobs/ii"));
    for (String command : COMMANDS) {
      assertThat(Fst.run(command, snapshot)).as(command).extracting(Fst::exit).isEqualTo(0);
      assertThat(Fst.run(command, snapshot.resolve(TestFolder.INDEX)))
          .as(command)
          .extracting(Fst::exit)
          .isEqualTo(0);
    }
  }
}
