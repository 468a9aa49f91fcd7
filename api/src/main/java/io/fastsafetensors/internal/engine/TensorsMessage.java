// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.PartCover;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What a rank has of tensors, as bytes for the other ranks. */
final class TensorsMessage {
  private TensorsMessage() {}

  /**
   * What a rank tells of a tensor.
   *
   * @param spec the whole tensor
   * @param held the parts that the rank has
   */
  record Told(TensorSpec spec, List<PartCover.Held> held) {}

  static byte[] encode(List<AddedTensor> tensors) {
    return PartsMessage.bytes(out -> {
      out.writeInt(tensors.size());
      for (AddedTensor tensor : tensors) {
        write(tensor, out);
      }
    });
  }

  private static void write(AddedTensor tensor, DataOutputStream out) throws IOException {
    byte[] name = tensor.spec().name().getBytes(StandardCharsets.UTF_8);
    out.writeInt(name.length);
    out.write(name);
    out.writeUTF(tensor.spec().dtype().name());
    long[] dims = tensor.spec().shape().dims();
    out.writeInt(dims.length);
    for (long dim : dims) {
      out.writeLong(dim);
    }
    PartsMessage.write(tensor.parts().stream().map(AddedPart::part).toList(), out);
  }

  /**
   * Reads a message.
   *
   * @param rank whose it is
   */
  static List<Told> decode(byte[] message, int rank) {
    return PartsMessage.from(
        message,
        in -> {
          List<Told> tensors = new ArrayList<>();
          for (int left = in.readInt(); left > 0; left--) {
            tensors.add(read(in, rank));
          }
          return tensors;
        });
  }

  private static Told read(DataInputStream in, int rank) throws IOException {
    byte[] name = in.readNBytes(in.readInt());
    DType dtype = DType.valueOf(in.readUTF());
    long[] dims = new long[in.readInt()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = in.readLong();
    }
    List<PartCover.Held> held =
        PartsMessage.read(in).stream().map(part -> new PartCover.Held(rank, part)).toList();
    TensorSpec spec =
        new TensorSpec(new String(name, StandardCharsets.UTF_8), dtype, Shape.of(dims));
    return new Told(spec, held);
  }
}
