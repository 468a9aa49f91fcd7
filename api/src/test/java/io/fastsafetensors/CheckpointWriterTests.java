// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a checkpoint's files have, and how they are named. */
class CheckpointWriterTests {
  @TempDir private Path folder;

  private Path target;

  private Path target() {
    target = folder.resolve("out");
    return target;
  }

  private static SaveOptions shards(long bytes) {
    return SaveOptions.builder().maxShardBytes(bytes).build();
  }

  @Test
  void writesOneFile() throws IOException {
    SavedSet set = allTypes();
    SaveReport report = set.writer.write(target());
    assertThat(SavedSet.names(target)).containsExactly("model.safetensors");
    assertThat(SavedSet.read(target)).containsExactlyInAnyOrderEntriesOf(set.bytes);
    assertThat(report.index()).isEmpty();
    assertThat(report.files())
        .singleElement()
        .satisfies(file -> {
          assertThat(file.file()).isEqualTo(target.toRealPath().resolve("model.safetensors"));
          assertThat(file.bytes()).isEqualTo(Files.size(file.file()));
          assertThat(file.reason().code()).isEqualTo("save.buffered");
        });
  }

  @Test
  void writesTheBytesOfTheFileWriter() throws IOException {
    SavedSet set = allTypes();
    SafetensorsWriter writer = new SafetensorsWriter().metadata("b", "1").metadata("a", "2");
    for (DType dtype : DType.values()) {
      writer.add(
          dtype.name(),
          dtype,
          Shape.of(2, 4, 3),
          MemorySegment.ofArray(set.bytes.get(dtype.name())));
    }
    writer.add("scalar", DType.I64, Shape.of(), MemorySegment.ofArray(set.bytes.get("scalar")));
    writer.add("empty", DType.F32, Shape.of(0, 5), MemorySegment.ofArray(new byte[0]));
    writer.write(folder.resolve("one"));
    set.writer.write(target(), SaveOptions.builder().metadata(Map.of("a", "2", "b", "1")).build());
    assertThat(target.resolve("model.safetensors")).hasSameBinaryContentAs(folder.resolve("one"));
  }

  private static SavedSet allTypes() {
    SavedSet set = new SavedSet();
    for (DType dtype : DType.values()) {
      set.with(dtype.name(), dtype, 2, 4, 3);
    }
    return set.with("scalar", DType.I64).with("empty", DType.F32, 0, 5);
  }

  @Test
  void namesShardsAndIndexAsHuggingFacesToolsDo() throws IOException {
    SavedSet set =
        new SavedSet().with("b", DType.U8, 6).with("a", DType.U8, 4).with("\u00e9\"", DType.U8, 7);
    SaveReport report = set.writer.write(target(), shards(10));
    assertThat(SavedSet.names(target))
        .containsExactly(
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json");
    assertThat(target.resolve("model.safetensors.index.json"))
        .hasContent(
            """
            {
              "metadata": {
                "total_size": 17
              },
              "weight_map": {
                "a": "model-00001-of-00002.safetensors",
                "b": "model-00001-of-00002.safetensors",
                "\\u00e9\\"": "model-00002-of-00002.safetensors"
              }
            }
            """);
    assertThat(SavedSet.read(target)).containsExactlyInAnyOrderEntriesOf(set.bytes);
    assertThat(report.index())
        .contains(target.toRealPath().resolve("model.safetensors.index.json"));
    assertThat(report.bytes()).isEqualTo(17);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 3, 4, 5, 9, 10, 11, 14, 15, 24, 25, 26})
  void splitsAsHuggingFacesToolsDo(long most) throws IOException {
    List<Long> sizes = List.of(5L, 4L, 10L, 0L, 1L, 5L);
    SavedSet set = new SavedSet();
    for (int i = 0; i < sizes.size(); i++) {
      set.with("t" + i, DType.U8, sizes.get(i));
    }
    set.writer.write(target(), shards(most));
    assertThat(SavedSet.read(target)).containsExactlyInAnyOrderEntriesOf(set.bytes);
    // The numbers of tensors in each file, by huggingface_hub 1.0's rule run by hand.
    Map<Long, List<Integer>> expected =
        Map.ofEntries(
            Map.entry(1L, List.of(1, 1, 1, 2, 1)),
            Map.entry(3L, List.of(1, 1, 1, 1, 2)),
            Map.entry(4L, List.of(1, 1, 1, 1, 2)),
            Map.entry(5L, List.of(1, 1, 1, 3)),
            Map.entry(9L, List.of(1, 2, 3)),
            Map.entry(10L, List.of(2, 2, 2)),
            Map.entry(11L, List.of(2, 3, 1)),
            Map.entry(14L, List.of(2, 3, 1)),
            Map.entry(15L, List.of(2, 3, 1)),
            Map.entry(24L, List.of(5, 1)),
            Map.entry(25L, List.of(6)),
            Map.entry(26L, List.of(6)));
    assertThat(Checkpoint.find(target).headers().stream().map(h -> h.tensors().size()).sorted())
        .containsExactlyElementsOf(expected.get(most).stream().sorted().toList());
  }

  @ParameterizedTest
  @EnumSource(DirectMode.class)
  void givesTheSameBytesWhateverTheThreads(DirectMode direct) throws IOException {
    SavedSet set = new SavedSet();
    List<DType> types = List.of(DType.values());
    for (int i = 0; i < 40; i++) {
      set.with("t" + i, types.get(i % types.size()), 4, 1 + i * 1237);
    }
    set.with("big", DType.F32, 3 << 20);
    set.writer.write(target(), shards(7 << 20));
    for (int threads : List.of(1, 2, 7)) {
      Path other = folder.resolve("out" + threads);
      SaveReport report =
          set.writer.write(
              other,
              SaveOptions.builder()
                  .maxShardBytes(7 << 20)
                  .threads(threads)
                  .memory(4 << 20)
                  .direct(direct)
                  .build());
      assertThat(report.toString()).contains("bytes saved in");
      for (String name : SavedSet.names(target)) {
        assertThat(other.resolve(name)).hasSameBinaryContentAs(target.resolve(name));
      }
    }
    assertThat(SavedSet.read(folder.resolve("out7"))).containsExactlyInAnyOrderEntriesOf(set.bytes);
  }

  @Test
  void takesPiecesInAnyOrder() throws IOException {
    SavedSet set = new SavedSet().with("a", DType.F32, 5000).with("b", DType.U8, 70001);
    CheckpointWriter writer = CheckpointWriter.create();
    writer.declare("b", DType.U8, Shape.of(70001)).declare("a", DType.F32, Shape.of(5000));
    for (DirectMode direct : DirectMode.values()) {
      try (CheckpointSave save =
          writer.begin(target(), SaveOptions.builder().direct(direct).build())) {
        for (int at = 70000; at >= 0; at -= 1000) {
          save.put("b", at, part(set.bytes.get("b"), at, Math.min(1000, 70001 - at)));
          if (at < 20000) {
            save.put("a", at, part(set.bytes.get("a"), at, 1000));
          }
        }
        save.finish();
      }
      assertThat(SavedSet.read(target)).containsExactlyInAnyOrderEntriesOf(set.bytes);
    }
  }

  private static MemorySegment part(byte[] bytes, int from, int count) {
    return MemorySegment.ofArray(bytes).asSlice(from, count);
  }

  @Test
  void convertsOnTheWay() throws IOException {
    float[] values = {1, -2.5f, 257, 3.4e38f};
    MemorySegment floats = MemorySegment.ofArray(values);
    byte[] wanted = {(byte) 0x80, 0x3f, 0x20, (byte) 0xc0, (byte) 0x80, 0x43, (byte) 0x80, 0x7f};
    CheckpointWriter writer =
        CheckpointWriter.create()
            .add("memory", DType.F32, Shape.of(4), floats)
            .add("tensor", Tensor.of("x", DType.F32, Shape.of(4), floats))
            .add(
                "source",
                DType.F32,
                Shape.of(4),
                channel -> {
                  byte[] all = floats.toArray(ValueLayout.JAVA_BYTE);
                  channel.write(ByteBuffer.wrap(all, 0, 7));
                  channel.write(ByteBuffer.wrap(all, 7, 9));
                })
            .add("kept", DType.F32, Shape.of(4), floats)
            .add("int", DType.I32, Shape.of(1), MemorySegment.ofArray(new int[] {7}))
            .declare("piece", DType.F32, Shape.of(4));
    SaveOptions options = SaveOptions.builder().dtype(DType.BF16).keepDtype("kept").build();
    try (CheckpointSave save = writer.begin(target(), options)) {
      save.put("piece", 8, floats.asSlice(8));
      save.put("piece", 0, floats.asSlice(0, 8));
      SaveReport report = save.finish();
      assertThat(report.conversions()).hasSize(3);
    }
    Map<String, byte[]> read = new TreeMap<>(SavedSet.read(target));
    for (String name : List.of("memory", "tensor", "source", "piece")) {
      assertThat(read.get(name)).as(name).isEqualTo(wanted);
    }
    assertThat(read.get("kept")).hasSize(16);
    assertThat(read.get("int")).isEqualTo(new byte[] {7, 0, 0, 0});
  }
}
