// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Who holds the memory, until when, and that nothing grows. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "counts mappings and memory in /proc")
class CapsuleTests {
  private static final int COUNT = 1000;

  @TempDir private Path folder;
  private Path file;
  private byte[] before;

  @BeforeEach
  void write() throws IOException {
    int[] numbers = new int[COUNT];
    for (int i = 0; i < COUNT; i++) {
      numbers[i] = i;
    }
    file = folder.resolve("numbers.safetensors");
    new SafetensorsWriter()
        .add("w", DType.I32, Shape.of(COUNT), MemorySegment.ofArray(numbers))
        .write(file);
    before = Files.readAllBytes(file);
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    assertThat(TakenCapsules.count()).isZero();
    assertThat(mappings()).isZero();
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
  }

  private long mappings() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.endsWith(file.toString()))
        .count();
  }

  /** Loads, hands over, and closes buffer and loader. */
  private Capsule export(boolean writable, ExportOptions options) throws LoadException {
    LoadOptions load = LoadOptions.builder().path(AccessPath.AUTO).writable(writable).build();
    try (Loader loader = Loader.builder().build().addFiles(0, List.of(file));
        FileBuffer buffer = loader.load(load)) {
      return DLPack.export(buffer.tensor("w"), options);
    }
  }

  private static void check(NativeConsumer taken) {
    MemorySegment memory = taken.memory(4L * COUNT);
    for (int i = 0; i < COUNT; i++) {
      assertThat(memory.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i)).isEqualTo(i);
    }
  }

  @Test
  void theMemoryLivesUntilTheDeleterWasCalled() throws IOException {
    NativeConsumer taken = NativeConsumer.take(export(true, ExportOptions.defaults()));
    assertThat(taken.get("flags")).as("no copy").isZero();
    assertThat(mappings()).isPositive();
    check(taken);
    taken.memory(4L * COUNT).fill((byte) 3);
    taken.delete();
  }

  @Test
  void threadsThatTheJvmDoesNotKnowMayCallTheDeleter() throws LoadException {
    for (boolean versioned : new boolean[] {true, false}) {
      ExportOptions options = ExportOptions.builder().versioned(versioned).build();
      NativeConsumer taken = NativeConsumer.take(export(true, options));
      check(taken);
      taken.deleteOnForeignThread();
      assertThat(TakenCapsules.count()).isZero();
    }
  }

  @Test
  void copiesNeedNoFile() throws IOException {
    NativeConsumer taken = NativeConsumer.take(export(false, ExportOptions.defaults()));
    assertThat(mappings()).isZero();
    check(taken);
    taken.memory(4).fill((byte) 1);
    taken.deleteOnForeignThread();
  }

  @Test
  void whatNobodyTookIsGivenBackByClosing() throws IOException {
    Capsule capsule = export(true, ExportOptions.defaults());
    assertThat(capsule).hasToString("dltensor_versioned, not taken");
    assertThat(mappings()).isPositive();
    capsule.close();
    capsule.close();
    assertThat(mappings()).isZero();
    assertThat(capsule).hasToString("dltensor_versioned, ended");
    assertThatIllegalStateException().isThrownBy(capsule::take).withMessageContaining("has ended");
  }

  @Test
  void addressesAreGivenAwayOnce() throws IOException {
    Capsule capsule = export(true, ExportOptions.defaults());
    NativeConsumer taken = NativeConsumer.take(capsule);
    assertThatIllegalStateException().isThrownBy(capsule::take).withMessageContaining("before");
    capsule.close(); // does nothing: the consumer has it
    check(taken);
    taken.delete();
    assertThatIllegalStateException().isThrownBy(capsule::take).withMessageContaining("has ended");
  }

  /** The second call reads nothing of what is freed, and frees nothing. */
  @Test
  void aDeleterThatIsCalledTwiceDoesNothingTheSecondTime() throws IOException {
    NativeConsumer taken = NativeConsumer.take(export(true, ExportOptions.defaults()));
    long deleter = taken.get("deleter");
    taken.delete(deleter);
    taken.delete(deleter);
  }

  /** All structs have one deleter, and after the JVM's end that of the C library. */
  @Test
  void deletersNeedNoJvmOnceItEnds() throws IOException, LoadException {
    Capsule capsule = export(true, ExportOptions.defaults());
    Capsule other = export(true, ExportOptions.builder().versioned(false).build());
    NativeConsumer taken = NativeConsumer.take(capsule);
    NativeConsumer others = NativeConsumer.take(other);
    long deleter = taken.get("deleter");
    assertThat(others.get("deleter")).isEqualTo(deleter);
    capsule.leaveToProcess();
    assertThat(taken.get("deleter")).isEqualTo(CLibrary.get().freeFunction());
    taken.delete(deleter); // as who has read it before
    others.delete();
    capsule.leaveToProcess(); // too late, touches nothing
  }

  @Test
  void manyCapsulesLeaveNothing() throws Throwable {
    try (Arena arena = Arena.ofShared();
        Loader loader = Loader.builder().build().addFiles(0, List.of(file));
        FileBuffer buffer = loader.load(LoadOptions.builder().writable(true).build())) {
      Tensor other = Tensor.of("o", DType.U8, Shape.of(100), arena.allocate(100).asReadOnly());
      Tensor tensor = buffer.tensor("w");
      takeAndDelete(tensor, other, 20_000);
      long allocated = allocatedBytes();
      takeAndDelete(tensor, other, 100_000);
      assertThat(allocatedBytes() - allocated).as("bytes more").isLessThan(8 << 20);
    }
  }

  /** A hundred at a time, some taken and some not, some with memory of their own. */
  private static void takeAndDelete(Tensor tensor, Tensor other, int count) throws LoadException {
    List<NativeConsumer> taken = new ArrayList<>();
    ExportOptions copied = ExportOptions.builder().copy(CopyMode.ALWAYS).build();
    for (int i = 0; i < count; i++) {
      switch (i % 4) {
        case 0 -> taken.add(NativeConsumer.take(DLPack.export(tensor)));
        case 1 -> taken.add(NativeConsumer.take(DLPack.export(tensor, copied)));
        case 2 -> taken.add(NativeConsumer.take(DLPack.export(other)));
        default -> DLPack.export(tensor).close();
      }
      if (taken.size() == 100) {
        taken.forEach(consumer -> TakenCapsules.delete(consumer.address()));
        taken.clear();
      }
    }
    taken.forEach(NativeConsumer::delete);
  }

  /** Returns how many bytes of the C library's are in use. */
  @SuppressWarnings("restricted")
  private static long allocatedBytes() throws Throwable {
    StructLayout info =
        MemoryLayout.structLayout(
            ValueLayout.JAVA_LONG.withName("arena"),
            MemoryLayout.sequenceLayout(3, ValueLayout.JAVA_LONG),
            ValueLayout.JAVA_LONG.withName("hblkhd"),
            MemoryLayout.sequenceLayout(2, ValueLayout.JAVA_LONG),
            ValueLayout.JAVA_LONG.withName("uordblks"),
            MemoryLayout.sequenceLayout(2, ValueLayout.JAVA_LONG));
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> mallinfo = linker.defaultLookup().find("mallinfo2");
    Assumptions.assumeTrue(mallinfo.isPresent(), "this C library doesn't count (no mallinfo2)");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment now =
          (MemorySegment)
              linker
                  .downcallHandle(mallinfo.get(), FunctionDescriptor.of(info))
                  .invoke((SegmentAllocator) arena);
      return now.get(ValueLayout.JAVA_LONG, info.byteOffset(groupElement("hblkhd")))
          + now.get(ValueLayout.JAVA_LONG, info.byteOffset(groupElement("uordblks")));
    }
  }
}
