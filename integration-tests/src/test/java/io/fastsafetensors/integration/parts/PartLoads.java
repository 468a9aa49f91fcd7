// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.parts;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Loads of random parts, each compared with what was cut out of the whole.
 *
 * @param checkpoint the files
 * @param device where to
 * @param options how, without a selection
 */
public record PartLoads(PartCheckpoint checkpoint, Device device, LoadOptions options) {
  /** Loads on one rank, and compares all that it gets. */
  public void check(ProcessGroup group, long seed) throws IOException {
    PartCheckpoint.Wish wish = checkpoint.wish(seed, group.size(), group.rank());
    try (Loader loader = Loader.builder().group(group).device(device).build()) {
      for (int file = 0; file < checkpoint.files().size(); file++) {
        loader.addFiles(file % group.size(), List.of(checkpoint.files().get(file)));
      }
      LoadOptions own = options.toBuilder().selection(wish.selection()).build();
      try (FileBuffer buffer = loader.load(own)) {
        Set<String> names = new TreeSet<>();
        for (WholeTensor tensor : checkpoint.tensors().values()) {
          Part part = wish.parts().get(tensor.name());
          if (!part.isNone()) {
            names.add(tensor.name());
            check(buffer, tensor, part, group, seed);
          }
        }
        assertThat(new TreeSet<>(buffer.keys())).isEqualTo(names);
      }
    }
  }

  private void check(FileBuffer buffer, WholeTensor whole, Part part, ProcessGroup group, long seed)
      throws IOException {
    String what =
        "seed %d, %s, %s, %s: %s of %s %s %s, rank %d of %d"
            .formatted(
                seed,
                device,
                options.distribution(),
                options.backend(),
                part,
                whole.name(),
                whole.dtype(),
                whole.shape(),
                group.rank(),
                group.size());
    try (Tensor tensor = buffer.tensor(whole.name())) {
      byte[] wanted = whole.cut(part, group.size(), group.rank());
      boolean isConverted = options.dtypeRules().size() > 0 && whole.dtype() == DType.F32;
      assertThat(tensor.dtype()).as(what).isEqualTo(isConverted ? DType.F16 : whole.dtype());
      assertThat(tensor.shape()).as(what).isEqualTo(whole.shape(part, group.size(), group.rank()));
      byte[] bytes = new byte[Math.toIntExact(tensor.byteSize())];
      tensor.toHost(MemorySegment.ofArray(bytes));
      assertThat(bytes).as(what).isEqualTo(isConverted ? halves(wanted) : wanted);
    }
  }

  static byte[] halves(byte[] floats) {
    ByteBuffer from = ByteBuffer.wrap(floats).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer to = ByteBuffer.allocate(floats.length / 2).order(ByteOrder.LITTLE_ENDIAN);
    while (from.hasRemaining()) {
      to.putShort(Float.floatToFloat16(from.getFloat()));
    }
    return to.array();
  }
}
