// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Part;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.PartCover;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

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
    out.writeInt(tensor.parts().size());
    for (AddedPart part : tensor.parts()) {
      Map<Integer, Part.Range> ranges = part.part().ranges();
      out.writeInt(ranges.size());
      for (Map.Entry<Integer, Part.Range> range : ranges.entrySet()) {
        out.writeInt(range.getKey());
        out.writeLong(range.getValue().from());
        out.writeLong(range.getValue().to());
      }
    }
  }

  /**
   * Reads a message.
   *
   * @param rank whose it is
   */
  static List<Told> decode(byte[] message, int rank) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(message))) {
      List<Told> tensors = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        tensors.add(read(in, rank));
      }
      return tensors;
    } catch (IOException e) {
      throw new IllegalStateException("a rank of another version sent its tensors", e);
    }
  }

  private static Told read(DataInputStream in, int rank) throws IOException {
    byte[] name = in.readNBytes(in.readInt());
    DType dtype = DType.valueOf(in.readUTF());
    long[] dims = new long[in.readInt()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = in.readLong();
    }
    List<PartCover.Held> held = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      held.add(new PartCover.Held(rank, readPart(in)));
    }
    TensorSpec spec =
        new TensorSpec(new String(name, StandardCharsets.UTF_8), dtype, Shape.of(dims));
    return new Told(spec, held);
  }

  private static Part readPart(DataInputStream in) throws IOException {
    Part part = Part.whole();
    for (int left = in.readInt(); left > 0; left--) {
      int dim = in.readInt();
      long from = in.readLong();
      long to = in.readLong();
      part = part.isWhole() ? Part.slice(dim, from, to) : part.and(dim, from, to);
    }
    return part;
  }
}
