// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.parts;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * Streams of random parts, taken by a consumer that holds some of them for a while, each compared
 * with what was cut out of the whole.
 *
 * @param checkpoint the files
 * @param device where to
 * @param options how, without a selection
 */
record PartStreams(PartCheckpoint checkpoint, Device device, LoadOptions options) {
  /** What came of one tensor. */
  private static final class Came {
    private final DType dtype;
    private final byte[] bytes;

    Came(DType dtype, byte[] bytes) {
      this.dtype = dtype;
      this.bytes = bytes;
    }
  }

  /** Streams on one rank, and compares all that it gets. */
  void check(ProcessGroup group, long seed, StreamOptions how) throws IOException {
    PartCheckpoint.Wish wish = checkpoint.wish(seed, group.size(), group.rank());
    List<String> order = order(how, wish);
    StreamOptions own =
        how.toBuilder()
            .load(options.toBuilder().selection(wish.selection()).build())
            .order(group.size() == 1 ? order : List.of())
            .build();
    try (Loader loader = Loader.builder().group(group).device(device).build()) {
      for (int file = 0; file < checkpoint.files().size(); file++) {
        loader.addFiles(file % group.size(), List.of(checkpoint.files().get(file)));
      }
      List<String> wanted = new ArrayList<>(own.order());
      for (String name : loader.keys()) {
        if (!wish.parts().get(name).isNone() && !wanted.contains(name)) {
          wanted.add(name);
        }
      }
      try (TensorStream stream = loader.stream(own)) {
        Map<String, Came> came = take(stream, new Random(seed));
        assertThat(List.copyOf(came.keySet())).isEqualTo(wanted);
        assertThat(stream.mostHeld()).isLessThanOrEqualTo(stream.window());
        came.forEach((name, tensor) -> check(name, tensor, wish.parts().get(name), group));
      }
    }
  }

  private static List<String> order(StreamOptions how, PartCheckpoint.Wish wish) {
    List<String> names = new ArrayList<>();
    wish.parts()
        .forEach((name, part) -> {
          if (!part.isNone()) {
            names.add(name);
          }
        });
    Collections.shuffle(names, new Random(how.window()));
    return names.subList(0, names.size() / 2);
  }

  private static Map<String, Came> take(TensorStream stream, Random random) throws IOException {
    Map<String, Came> came = new LinkedHashMap<>();
    List<StreamedTensor> held = new ArrayList<>();
    for (Optional<StreamedTensor> next = stream.next(); next.isPresent(); next = stream.next()) {
      StreamedTensor tensor = next.get();
      byte[] bytes = new byte[Math.toIntExact(tensor.tensor().byteSize())];
      tensor.tensor().toHost(MemorySegment.ofArray(bytes));
      came.merge(tensor.name(), new Came(tensor.tensor().dtype(), bytes), PartStreams::joined);
      held.add(tensor);
      while (held.size() > random.nextInt(3)) {
        held.remove(random.nextInt(held.size())).close();
      }
    }
    held.forEach(StreamedTensor::close);
    return came;
  }

  private static Came joined(Came before, Came next) {
    byte[] both = new byte[before.bytes.length + next.bytes.length];
    System.arraycopy(before.bytes, 0, both, 0, before.bytes.length);
    System.arraycopy(next.bytes, 0, both, before.bytes.length, next.bytes.length);
    return new Came(next.dtype, both);
  }

  private void check(String name, Came came, Part part, ProcessGroup group) {
    WholeTensor whole = checkpoint.tensors().get(name);
    String what =
        "%s, %s, %s: %s of %s %s, rank %d of %d"
            .formatted(
                device,
                options.distribution(),
                options.backend(),
                part,
                whole.name(),
                whole.shape(),
                group.rank(),
                group.size());
    byte[] wanted = whole.cut(part, group.size(), group.rank());
    boolean isConverted = !options.dtypeRules().isEmpty() && whole.dtype() == DType.F32;
    assertThat(came.dtype).as(what).isEqualTo(isConverted ? DType.F16 : whole.dtype());
    assertThat(came.bytes).as(what).isEqualTo(isConverted ? PartLoads.halves(wanted) : wanted);
  }
}
