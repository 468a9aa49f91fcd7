// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.file.FileRights;
import io.fastsafetensors.internal.file.TemporaryFiles;
import io.fastsafetensors.internal.save.Content;
import io.fastsafetensors.internal.save.Extent;
import io.fastsafetensors.internal.save.FileSave;
import io.fastsafetensors.internal.save.MemoryContent;
import io.fastsafetensors.internal.save.OutputPlan;
import io.fastsafetensors.internal.save.SaveControl;
import io.fastsafetensors.internal.save.SaveTuning;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Bytes that are brought find their places among many. */
class DeclaredTensorTests {
  private static final int MANY = 400_000;

  @TempDir private Path folder;

  /** To look at all places for each byte would take minutes. */
  @Test
  @Timeout(60)
  void takesManyBytesToManyPlaces() throws IOException {
    TensorSpec spec = new TensorSpec("a", DType.U8, Shape.of(MANY));
    AddedPart all = AddedPart.of(spec, Part.whole(), 1, 0, AddedPart.Given.Declared.LATER);
    List<Extent> places =
        IntStream.range(0, MANY)
            .mapToObj(i -> new Extent("", i, 1, 1, 1, Content.Arriving.BYTES, i))
            .toList();
    byte[] bytes = new byte[MANY];
    new Random(1).nextBytes(bytes);
    MemorySegment memory = MemorySegment.ofArray(bytes);
    OutputPlan plan =
        new OutputPlan(folder.resolve("file"), TemporaryFiles.in(folder), FileRights.NEW, places);
    DeclaredTensor tensor = new DeclaredTensor(spec, all, DType.U8, 0, places);
    try (FileSave save =
        new FileSave(List.of(plan), new SaveTuning(2, 1, 1 << 20, false), SaveControl.NONE)) {
      for (int at = 0, count = 1; at < MANY; at += count, count = 1 + at % 3) {
        int size = Math.min(count, MANY - at);
        tensor.take(at, size);
        tensor.put(at, new MemoryContent(memory.asSlice(at, size)), size, save);
      }
      assertThat(tensor.missing()).isZero();
      save.finish();
      save.files().getFirst().moveTo(plan.path());
    }
    assertThat(plan.path()).hasBinaryContent(bytes);
  }
}
