// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The writer replaces a file as a whole, or leaves all as it was. */
class AtomicWriteTests {
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final byte[] OLD = {1, 2, 3};

  @TempDir private Path folder;
  private Path target;

  @BeforeEach
  void writeOldFile() throws IOException {
    target = Files.write(folder.resolve("t.safetensors"), OLD);
  }

  @AfterEach
  void leavesNothingElse() {
    assertThat(folder).isDirectoryNotContaining(path -> path.toString().endsWith(".tmp"));
  }

  @Test
  void replacesTheOldFile() throws IOException {
    writer(channel -> channel.write(ByteBuffer.allocate(4))).write(target);

    assertThat(SafetensorsHeader.read(target).tensors()).hasSize(1);
  }

  @Test
  void keepsTheOldFileOpenForItsReaders() throws IOException {
    try (var old = Files.newByteChannel(target)) {
      writer(channel -> channel.write(ByteBuffer.allocate(4))).write(target);
      assertThat(old.size()).isEqualTo(OLD.length);
    }
  }

  @Test
  void replacesALinkButNotWhatItLeadsTo() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), target);

    writer(channel -> channel.write(ByteBuffer.allocate(4))).write(link);

    assertThat(link).isRegularFile();
    assertThat(Files.isSymbolicLink(link)).isFalse();
    assertThat(target).hasBinaryContent(OLD);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-------", "rw-rw-r--", "r--r-----", "rwxrwxrwx"})
  void keepsTheModeOfAReplacedFile(String mode) throws IOException {
    Set<PosixFilePermission> permissions = PosixFilePermissions.fromString(mode);
    Files.setPosixFilePermissions(target, permissions);
    writer(
            channel -> {
              assertThat(temporaries()).singleElement().satisfies(FOR_THE_OWNER_ALONE);
              channel.write(ByteBuffer.allocate(4));
            })
        .write(target);
    assertThat(Files.getPosixFilePermissions(target)).isEqualTo(permissions);
    assertThat(target).isNotEmptyFile();
    Path link = Files.createSymbolicLink(folder.resolve("link"), target);
    writer(channel -> channel.write(ByteBuffer.allocate(4))).write(link);
    assertThat(Files.getPosixFilePermissions(link)).isEqualTo(permissions);
  }

  private static final ThrowingConsumer<Path> FOR_THE_OWNER_ALONE =
      file ->
          assertThat(Files.getPosixFilePermissions(file))
              .isEqualTo(PosixFilePermissions.fromString("rw-------"));

  private List<Path> temporaries() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".tmp")).toList();
    }
  }

  @Test
  void keepsTheOwnerOfAReplacedFileWhereItMay() throws IOException {
    assumeThat(Files.getAttribute(target, "unix:uid"))
        .as("only root may give files away")
        .isEqualTo(0);
    Files.setAttribute(target, "unix:uid", 12345);
    Files.setAttribute(target, "unix:gid", 12346);
    writer(channel -> channel.write(ByteBuffer.allocate(4))).write(target);
    assertThat(Files.getAttribute(target, "unix:uid")).isEqualTo(12345);
    assertThat(Files.getAttribute(target, "unix:gid")).isEqualTo(12346);
  }

  @Test
  void aNewFileHasTheModeThatThePlatformGives() throws IOException {
    Path other = Files.createFile(folder.resolve("other"));
    Path made = folder.resolve("made");
    writer(channel -> channel.write(ByteBuffer.allocate(4))).write(made);
    assertThat(Files.getPosixFilePermissions(made)).isEqualTo(Files.getPosixFilePermissions(other));
  }

  @Test
  void writesARelativePath() throws IOException {
    Path relative = Path.of("").toAbsolutePath().relativize(target);

    writer(channel -> channel.write(ByteBuffer.allocate(4))).write(relative);

    assertThat(SafetensorsHeader.read(target).tensors()).hasSize(1);
  }

  @Test
  void keepsTheOldFileWhenASourceFails() {
    IOException cause = new IOException("no such luck");
    assertFails(
        channel -> {
          channel.write(ByteBuffer.allocate(2));
          throw cause;
        },
        "tensor 't' U8 [4]: no such luck");
  }

  @Test
  void keepsTheOldFileWhenASourceGivesTooFewBytes() {
    assertFails(
        channel -> channel.write(ByteBuffer.allocate(3)),
        "tensor 't' U8 [4]: its source gave only 3 bytes, the tensor takes 4");
  }

  @Test
  void keepsTheOldFileWhenASourceGivesNothing() {
    assertFails(_ -> {}, "tensor 't' U8 [4]: its source gave only 0 bytes, the tensor takes 4");
  }

  @Test
  void keepsTheOldFileWhenASourceGivesTooManyBytes() {
    assertFails(
        channel -> {
          channel.write(ByteBuffer.allocate(3));
          channel.write(ByteBuffer.allocate(2));
        },
        "tensor 't' U8 [4]: its source gave at least 5 bytes, the tensor takes 4");
  }

  @Test
  void keepsTheOldFileWhenASourceThrowsUnchecked() {
    assertThatThrownBy(() ->
            writer(
                    _ -> {
                      throw new IllegalStateException("closed");
                    })
                .write(target))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("closed");
    assertThat(target).hasBinaryContent(OLD);
  }

  @Test
  void keepsTheOldFileWhenInterrupted() {
    try {
      assertThatIOException()
          .isThrownBy(() ->
              writer(
                      channel -> {
                        Thread.currentThread().interrupt();
                        channel.write(ByteBuffer.allocate(4));
                      })
                  .write(target))
          .withCauseInstanceOf(ClosedByInterruptException.class);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(target).hasBinaryContent(OLD);
  }

  @Test
  void keepsAFolderOfTheSameName() throws IOException {
    Path taken = Files.createDirectory(folder.resolve("taken"));

    assertThatIOException()
        .isThrownBy(() -> writer(_ -> {}).write(taken))
        .withMessage("can't write " + taken + ": a folder has this name");
    assertThat(taken).isEmptyDirectory();
  }

  @Test
  void saysThatTheFolderIsMissing() {
    Path absent = folder.resolve("absent/t.safetensors");

    assertThatIOException()
        .isThrownBy(() -> writer(_ -> {}).write(absent))
        .withMessage("can't write " + absent + ": there is no folder " + absent.getParent());
  }

  @Test
  void letsASourceCloseItsChannel() throws IOException {
    writer(
            channel -> {
              try (OutputStream stream = Channels.newOutputStream(channel)) {
                stream.write(new byte[4]);
              }
            })
        .add("u", DType.U8, Shape.of(1), channel -> channel.write(ByteBuffer.allocate(1)))
        .write(target);

    assertThat(SafetensorsHeader.read(target).tensors()).hasSize(2);
  }

  @Test
  void closesTheChannelOfASourceThatKeepsIt() throws IOException {
    AtomicReference<WritableByteChannel> kept = new AtomicReference<>();
    writer(
            channel -> {
              kept.set(channel);
              channel.write(ByteBuffer.allocate(4));
            })
        .write(target);

    assertThat(kept.get().isOpen()).isFalse();
    assertThatThrownBy(() -> kept.get().write(ByteBuffer.allocate(1)))
        .isInstanceOf(ClosedChannelException.class);
  }

  @Test
  void leaksNoDescriptor() throws IOException {
    assumeThat(DESCRIPTORS).as("no /proc on this platform: descriptors not counted").exists();
    SafetensorsWriter good = writer(channel -> channel.write(ByteBuffer.allocate(4)));
    SafetensorsWriter bad = writer(_ -> {});
    long before = descriptors();
    for (int i = 0; i < 20; i++) {
      good.write(target);
      SafetensorsHeader.read(target);
      assertThatIOException().isThrownBy(() -> bad.write(target));
      Files.write(target, OLD);
      assertThatIOException().isThrownBy(() -> SafetensorsHeader.read(target));
    }
    assertThat(descriptors()).isLessThan(before + 10);
  }

  private void assertFails(SafetensorsWriter.Source source, String message) {
    assertThatIOException()
        .isThrownBy(() -> writer(source).write(target))
        .withMessage("can't write " + target + ": " + message);
    assertThat(target).hasBinaryContent(OLD);
  }

  private static SafetensorsWriter writer(SafetensorsWriter.Source source) {
    return new SafetensorsWriter().add("t", DType.U8, Shape.of(4), source);
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(DESCRIPTORS)) {
      return open.count();
    }
  }
}
