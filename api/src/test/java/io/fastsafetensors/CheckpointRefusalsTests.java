// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.HeaderFormatException;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.format.TensorInfo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can't be saved is refused, before the first byte where it can be known; nothing is left. */
class CheckpointRefusalsTests {
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

  @TempDir private Path temp;
  private Path folder;
  private final CheckpointWriter writer = CheckpointWriter.create();

  @BeforeEach
  void makeFolder() throws IOException {
    folder = Files.createDirectory(temp.toRealPath().resolve("out"));
  }

  @AfterEach
  void leavesNothing() {
    assertThat(folder).isEmptyDirectory();
  }

  private static MemorySegment bytes(int count) {
    return MemorySegment.ofArray(new byte[count]);
  }

  @Test
  void namesThatNoReaderCouldGiveBack() {
    writer.add("a", DType.U8, Shape.of(1), bytes(1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer.declare("a", DType.U8, Shape.of(1)))
        .withMessage("tensor 'a': the name was added before");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer.declare("__metadata__", DType.U8, Shape.of(1)))
        .withMessage("tensor '__metadata__': the format keeps this name for metadata");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer.declare("\ud800", DType.U8, Shape.of(1)))
        .withMessageContaining("half of a surrogate pair has no UTF-8 form");
  }

  @Test
  void memoryOfAnotherSize() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer.add("a", DType.F32, Shape.of(2), bytes(7)))
        .withMessage("tensor 'a': F32 [2] takes 8 bytes, not 7");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer.declare("a", DType.F4, Shape.of(3)))
        .withMessageStartingWith("tensor 'a': F4 [3]: ");
  }

  @Test
  void targetsThatAreNoPlace() throws IOException {
    Path file = Files.createFile(temp.resolve("file"));
    assertThatIOException()
        .isThrownBy(() -> writer.write(file))
        .withMessage(
            "can't save to %s: it is a file: give a folder, or a name that ends with .safetensors",
            file);
    Path deep = temp.resolve("no/such");
    assertThatIOException()
        .isThrownBy(() -> writer.write(deep))
        .withMessage("can't save to %s: there is no folder %s", deep, deep.getParent());
    Path named = temp.resolve("no/such.safetensors");
    assertThatIOException()
        .isThrownBy(() -> writer.write(named))
        .withMessage("can't save to %s: there is no folder %s", named, named.getParent());
  }

  @Test
  void aFolderThatIsNotWritable() throws IOException {
    assumeThat(Files.getAttribute(folder, "unix:uid"))
        .as("root may write anywhere")
        .isNotEqualTo(0);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("r-xr-xr-x"));
    assertThatIOException()
        .isThrownBy(() -> writer.write(folder))
        .withMessageContaining("isn't writable for this process");
  }

  @Test
  void moreThanThereIsRoomFor() {
    writer.declare("huge", DType.U8, Shape.of(1L << 60));
    assertThatIOException()
        .isThrownBy(() -> writer.begin(folder, SaveOptions.defaults()))
        .withMessageContaining("the files take 11529215046068")
        .withMessageContaining("make room, or save elsewhere");
  }

  @Test
  void aHeaderThatIsTooLong() {
    writer.add("a", DType.U8, Shape.of(1), bytes(1));
    SaveOptions options = SaveOptions.builder().metadata("k", "x".repeat(100_000_000)).build();
    assertThatExceptionOfType(HeaderFormatException.class)
        .isThrownBy(() -> writer.write(folder, options))
        .withMessageContaining("at most 100,000,000 are allowed");
  }

  @Test
  void rulesThatDoNotFit() {
    writer.add("a", DType.F4, Shape.of(2), bytes(1));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> writer.write(folder, SaveOptions.builder().dtype("b*", DType.F32).build()))
        .withMessageContaining("no tensor matches 'b*'");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> writer.write(folder, SaveOptions.builder().dtype("a", DType.F32).build()))
        .withMessage("tensor 'a' F4 [2]: there is no conversion from F4 to F32");
  }

  @Test
  void tensorsThatHaveEnded() {
    Tensor tensor;
    try (Arena arena = Arena.ofConfined()) {
      tensor = Tensor.of("t", DType.U8, Shape.of(4), arena.allocate(4));
      writer.add(tensor);
    }
    assertThatIllegalStateException()
        .isThrownBy(() -> writer.write(folder))
        .withMessageContaining("tensor 't' U8 [4] has ended");
  }

  @Test
  void bytesThatWereNotDeclared() throws IOException {
    writer.declare("a", DType.F32, Shape.of(4)).add("b", DType.U8, Shape.of(1), bytes(1));
    SaveOptions half = SaveOptions.builder().dtype(DType.F16).build();
    try (CheckpointSave save = writer.begin(folder, half)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> save.put("b", 0, bytes(1)))
          .withMessage("tensor 'b' was not declared before the save began");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> save.put("a", 8, bytes(12)))
          .withMessage("tensor 'a' F32 [4] has 16 bytes: 12 from 8 on can't come");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> save.put("a", 0, bytes(3)))
          .withMessageContaining("3 bytes from 0 on are not whole elements");
      save.put("a", 4, bytes(8));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> save.put("a", 8, bytes(4)))
          .withMessageContaining("of 4 bytes from 8 on some came before");
      Tensor other = Tensor.of("a", DType.F64, Shape.of(4), bytes(32));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> save.put(streamed(other)))
          .withMessage("tensor 'a' F32 [4] was declared, what comes is F64 [4]");
      assertThatIOException()
          .isThrownBy(save::finish)
          .withMessage(
              "can't save to %s: tensor 'a' F32 [4] was declared, and 8 bytes of it were not put",
              folder);
    }
  }

  private StreamedTensor streamed(Tensor tensor) {
    return StreamedTensor.of(
        temp.resolve("source"),
        new TensorInfo(tensor.name(), tensor.dtype(), tensor.shape(), 0, tensor.byteSize()),
        tensor,
        tensor.shape(),
        0,
        true);
  }

  @Test
  @SuppressWarnings("MustBeClosedChecker") // closed by the source
  void memoryThatIsClosedMeanwhile() {
    Arena arena = Arena.ofShared();
    writer
        .add(
            "a",
            DType.U8,
            Shape.of(1),
            channel -> {
              arena.close();
              channel.write(ByteBuffer.allocate(1));
            })
        .add("b", DType.U8, Shape.of(20 << 20), arena.allocate(20 << 20));
    SaveOptions options = SaveOptions.builder().threads(1).maxShardBytes(1).build();
    assertThatIllegalStateException().isThrownBy(() -> writer.write(folder, options));
  }

  @Test
  void usesAfterTheEnd() throws IOException {
    Path other = temp.resolve("other");
    writer.declare("a", DType.U8, Shape.of(1));
    CheckpointSave save = writer.begin(other, SaveOptions.defaults());
    save.put("a", 0, bytes(1));
    save.finish();
    assertThatIllegalStateException().isThrownBy(save::finish).withMessageContaining("is finished");
    save.close();
    save.close();
    CheckpointSave closed = writer.begin(folder, SaveOptions.defaults());
    closed.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> closed.put("a", 0, bytes(1)))
        .withMessageContaining("is closed");
    assertThat(SavedSet.names(other)).containsExactly("model.safetensors");
  }

  @Test
  void leakNothing() throws IOException {
    assumeThat(DESCRIPTORS).as("no /proc on this platform: descriptors not counted").exists();
    writer.add("a", DType.U8, Shape.of(20 << 20), bytes(20 << 20));
    CheckpointWriter bad =
        CheckpointWriter.create()
            .add("a", DType.U8, Shape.of(20 << 20), bytes(20 << 20))
            .add("b", DType.U8, Shape.of(1), _ -> {});
    Path other = temp.resolve("other");
    List<DirectMode> modes = List.of(DirectMode.values());
    long before = descriptors();
    for (int i = 0; i < 9; i++) {
      SaveOptions options = SaveOptions.builder().direct(modes.get(i % 3)).build();
      writer.write(other, options);
      assertThatIOException().isThrownBy(() -> bad.write(folder, options));
    }
    assertThat(descriptors()).isLessThan(before + 5);
    assertThat(Thread.getAllStackTraces().keySet().stream().map(Thread::getName))
        .noneMatch(name -> name.startsWith("fastsafetensors-save"));
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(DESCRIPTORS)) {
      return open.count();
    }
  }
}
