// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.parts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.Device;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.Selection;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.TensorMemory;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory of the caller's gets the tensors, and nothing else of it is touched. */
@Timeout(120)
class GivenMemoryTests {
  private static final long HEADER = 40;
  private static final byte UNTOUCHED = 0x5A;
  private static final StreamOptions SMALL =
      StreamOptions.builder().window(2 << 20).pieces(true).load(LoadOptions.defaults()).build();

  @TempDir private static Path folder;

  private static NumberedFile file;

  @BeforeAll
  static void write() throws IOException {
    file = new NumberedFile(folder.resolve("m.safetensors"), List.of(3L, 900L, 1L, 40L), 1024);
    file.write();
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    assertThat(Leftovers.of(folder)).isEmpty();
  }

  /** Rooms with a header before the data and a guard after it, at odd addresses. */
  private static TensorMemory room(
      Arena arena, Map<String, MemorySegment> rooms, String name, long bytes) {
    MemorySegment room = arena.allocate(1 + HEADER + bytes + HEADER, 64).asSlice(1);
    room.fill(UNTOUCHED);
    rooms.put(name, room);
    return TensorMemory.of(room.asSlice(HEADER, bytes));
  }

  private static LoadReport fill(
      Loader loader, TensorMemory.Allocator allocator, StreamOptions options) throws LoadException {
    try (TensorStream stream = loader.stream(options)) {
      return stream.fill(allocator);
    }
  }

  private static void check(int tensor, MemorySegment room, long first, long elements) {
    for (long i = 0; i < HEADER; i++) {
      assertThat(room.get(ValueLayout.JAVA_BYTE, i)).isEqualTo(UNTOUCHED);
      assertThat(room.get(ValueLayout.JAVA_BYTE, room.byteSize() - 1 - i)).isEqualTo(UNTOUCHED);
    }
    assertThat(room.byteSize()).isEqualTo(elements * Integer.BYTES + 2 * HEADER);
    for (long i = 0; i < elements; i++) {
      int element = room.get(ValueLayout.JAVA_INT_UNALIGNED, HEADER + i * Integer.BYTES);
      if (element != NumberedFile.element(tensor, first + i)) {
        throw new AssertionError("tensor " + tensor + ", element " + (first + i));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "sim:0"})
  void roomsOfTheHost(String device) throws Exception {
    try (Arena arena = Arena.ofShared();
        Loader loader = Loader.open(Device.parse(device), file.path())) {
      Map<String, MemorySegment> rooms = new LinkedHashMap<>();
      LoadReport report =
          fill(
              loader,
              (tensor, dtype, shape, bytes) -> {
                assertThat(dtype).isEqualTo(tensor.dtype()).isEqualTo(DType.I32);
                assertThat(shape).isEqualTo(tensor.shape());
                return room(arena, rooms, tensor.name(), bytes);
              },
              SMALL);
      assertThat(List.copyOf(rooms.keySet())).isEqualTo(List.copyOf(loader.keys()));
      int tensor = 0;
      for (MemorySegment room : rooms.values()) {
        check(tensor, room, 0, file.rows().get(tensor) * file.columns());
        tensor++;
      }
      assertThat(report.files()).hasSize(1);
    }
  }

  @Test
  void everyRankItsShard() throws Exception {
    ThreadRanks.runWell(
        3,
        group -> {
          LoadOptions load = LoadOptions.builder().selection(Selection.of(Part.shard(0))).build();
          try (Arena arena = Arena.ofShared();
              Loader loader = Loader.builder().group(group).build().addFiles(file.path())) {
            Map<String, MemorySegment> rooms = new LinkedHashMap<>();
            var _ =
                fill(
                    loader,
                    (tensor, _, _, bytes) -> room(arena, rooms, tensor.name(), bytes),
                    SMALL.toBuilder().load(load).build());
            long rows = 300;
            check(1, rooms.get("t01"), group.rank() * rows * 1024, rows * 1024);
          }
        });
  }

  /** Memory of a device is given by its address. */
  @Test
  void memoryOfADevice() throws Exception {
    Device sim = Device.parse("sim:0");
    try (Loader owner = Loader.open(sim, file.path());
        var buffer = owner.load();
        Loader loader = Loader.open(sim, file.path())) {
      var room = buffer.tensor("t01");
      var source = buffer.tensor("t03");
      var _ =
          fill(
              loader,
              (tensor, _, _, bytes) -> TensorMemory.ofDevice(room.address() + 4096, bytes),
              SMALL.toBuilder().load(LoadOptions.builder().filter("t03").build()).build());
      int[] all = room.toIntArray();
      int[] wanted = source.toIntArray();
      for (int i = 0; i < wanted.length; i++) {
        assertThat(all[1024 + i]).isEqualTo(wanted[i]);
      }
      assertThat(all[1023]).isEqualTo(NumberedFile.element(1, 1023));
      assertThat(all[1024 + wanted.length])
          .isEqualTo(NumberedFile.element(1, 1024L + wanted.length));
    }
  }

  @Test
  void anAllocatorThatRefusesEndsTheLoad() throws Exception {
    try (Arena arena = Arena.ofShared();
        Loader loader = file.open()) {
      Map<String, MemorySegment> rooms = new LinkedHashMap<>();
      IOException full = new IOException("full");
      assertThatExceptionOfType(LoadException.class)
          .isThrownBy(() ->
              fill(
                  loader,
                  (tensor, _, _, bytes) -> {
                    if (rooms.size() == 2) {
                      throw full;
                    }
                    return room(arena, rooms, tensor.name(), bytes);
                  },
                  SMALL))
          .withMessageContaining("'t02'")
          .withCause(full);
      check(1, rooms.get("t01"), 0, 900 * 1024);
      assertThatIllegalArgumentException()
          .isThrownBy(() ->
              fill(
                  loader,
                  (tensor, _, _, bytes) -> room(arena, rooms, tensor.name(), bytes - 1),
                  SMALL))
          .withMessageContaining("has 12287 bytes, want 12288");
      assertThatIllegalArgumentException()
          .isThrownBy(() ->
              fill(
                  loader,
                  (_, _, _, bytes) -> TensorMemory.of(arena.allocate(bytes).asReadOnly()),
                  SMALL))
          .withMessageContaining("read-only");
    }
  }
}
