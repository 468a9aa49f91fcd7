// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.fastsafetensors.AccessPath;
import io.fastsafetensors.BackendUnavailableException;
import io.fastsafetensors.Checkpoint;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.FileReport;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.integration.ScriptedFiles.Operation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The same checkpoint from file systems of any provider: the same bytes, or a clear exception. */
class SourcesTests {
  private static final LoadOptions SMALL_BLOCKS =
      LoadOptions.builder().blockBytes(1 << 20).threads(4).build();
  private static final LoadOptions COPIED =
      SMALL_BLOCKS.toBuilder().path(AccessPath.COPIED).build();

  @TempDir private Path folder;

  private SourceFolder local;
  private Map<String, String> wanted;

  @BeforeEach
  void writeCheckpoint() throws Exception {
    local = SourceFolder.write(folder.resolve("model"));
    wanted = SourceFolder.digests(local.path(), LoadOptions.builder().backend("cpu").build());
    assertThat(wanted).hasSize(5);
  }

  /** The JDK's zip file system leaves such files beside the archive while it has them open. */
  @AfterEach
  void nothingIsLeft() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files).noneMatch(file -> file.getFileName().toString().startsWith("zipfstmp"));
    }
  }

  private void assertLoads(Path checkpoint) throws Exception {
    assertThat(SourceFolder.digests(checkpoint, SMALL_BLOCKS)).isEqualTo(wanted);
    assertThat(SourceFolder.digests(checkpoint, COPIED)).isEqualTo(wanted);
    Path first = checkpoint.resolve(SourceFolder.FIRST);
    assertThat(SafetensorsHeader.read(first).tensors()).hasSize(3);
    assertThat(Checkpoint.find(checkpoint).headers()).hasSize(2);
    try (Loader loader = Loader.open(first);
        FileBuffer buffer = loader.load()) {
      FileReport report = buffer.report().files().getFirst();
      assertThat(report.backend()).isEqualTo("cpu");
      assertThat(report.reason()).asString().contains("posix: ", "doesn't know");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {ZipEntry.STORED, ZipEntry.DEFLATED})
  void zipFiles(int method) throws Exception {
    Path archive = local.zip(folder.resolve("model.zip"), method);
    try (FileSystem zip = FileSystems.newFileSystem(archive)) {
      assertLoads(zip.getPath("/model"));
    }
  }

  @Test
  void zipFileThatWasClosed() throws Exception {
    Path archive = local.zip(folder.resolve("model.zip"), ZipEntry.STORED);
    FileSystem zip = FileSystems.newFileSystem(archive);
    Path inside = zip.getPath("/model");
    try (Loader loader = Loader.builder().build()) {
      loader.addCheckpoint(inside).keys();
      zip.close();
      assertThatExceptionOfType(LoadException.class)
          .isThrownBy(() -> loader.load())
          .withMessageContaining(SourceFolder.FIRST)
          .withMessageContaining("ClosedFileSystemException");
    }
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> SourceFolder.digests(inside, SMALL_BLOCKS))
        .withMessageContaining("/model");
  }

  /** Larger than an array can be, in a folder where nobody may write: neither is needed. */
  @Test
  void zipEntryOverTwoGibibytesNeedsNeitherHeapNorFile() throws Exception {
    long hole = (1L << 31) + (1 << 20);
    String json =
        "{\"hole\":{\"dtype\":\"U8\",\"shape\":[%1$d],\"data_offsets\":[0,%1$d]},".formatted(hole)
            + "\"tail\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[%d,%d]}}"
                .formatted(hole, hole + 4);
    Path archive = folder.resolve("large.zip");
    writeSparseZip(archive, json, hole, new byte[] {1, 2, 3, 4});
    try (WatchService watch = FileSystems.getDefault().newWatchService()) {
      folder.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
      loadTail(archive);
      Files.createFile(folder.resolve("last"));
      assertThat(madeUpTo("last", watch)).containsExactly("last");
    }
  }

  private static void loadTail(Path archive) throws IOException {
    LoadOptions options = LoadOptions.builder().filter("tail").build();
    try (FileSystem zip = FileSystems.newFileSystem(archive);
        Loader loader = Loader.open(zip.getPath("/large.safetensors"));
        FileBuffer buffer = loader.load(options);
        Tensor tail = buffer.tensor("tail")) {
      assertThat(loader.keys()).containsExactlyInAnyOrder("hole", "tail");
      assertThat(tail.toIntArray()).containsExactly(1, 2, 3, 4);
    }
  }

  private static List<String> madeUpTo(String last, WatchService watch) throws Exception {
    List<String> made = new ArrayList<>();
    while (!made.contains(last)) {
      WatchKey key = watch.poll(1, TimeUnit.MINUTES);
      assertThat(key).as("%s is seen", last).isNotNull();
      key.pollEvents().forEach(event -> made.add(String.valueOf(event.context())));
      key.reset();
    }
    return made;
  }

  private static void writeSparseZip(Path archive, String json, long hole, byte[] tail)
      throws IOException {
    byte[] header = json.getBytes(StandardCharsets.UTF_8);
    byte[] name = "large.safetensors".getBytes(StandardCharsets.UTF_8);
    int size = (int) (8 + header.length + hole + tail.length);
    try (FileChannel out =
        FileChannel.open(archive, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer local = ByteBuffer.allocate(200 + header.length).order(ByteOrder.LITTLE_ENDIAN);
      local.putInt(0x04034b50).putShort((short) 20).putShort((short) 0).putShort((short) 0);
      local.putInt(0).putInt(0).putInt(size).putInt(size);
      local.putShort((short) name.length).putShort((short) 0).put(name);
      local.putLong(header.length).put(header).flip();
      long data = local.limit();
      out.write(local);
      out.write(ByteBuffer.wrap(tail), data + hole);
      out.position(data + hole + tail.length);
      long directory = out.position();
      ByteBuffer end = ByteBuffer.allocate(200).order(ByteOrder.LITTLE_ENDIAN);
      end.putInt(0x02014b50).putShort((short) 20).putShort((short) 20).putShort((short) 0);
      end.putShort((short) 0).putInt(0).putInt(0).putInt(size).putInt(size);
      end.putShort((short) name.length).putShort((short) 0).putShort((short) 0);
      end.putShort((short) 0).putShort((short) 0).putInt(0).putInt(0).put(name);
      int bytes = end.position();
      end.putInt(0x06054b50).putInt(0).putShort((short) 1).putShort((short) 1);
      end.putInt(bytes).putInt((int) directory).putShort((short) 0).flip();
      out.write(end);
    }
  }

  @Test
  void jimfs() throws Exception {
    try (FileSystem memory = Jimfs.newFileSystem(Configuration.unix())) {
      assertLoads(local.copyTo(memory.getPath("/model")));
    }
  }

  @Test
  void memoryFiles() throws Exception {
    Path shm = Path.of("/dev/shm");
    Assumptions.assumeTrue(Files.isWritable(shm), "/dev/shm is not there to write to");
    Path made = Files.createTempDirectory(shm, "fst");
    try {
      assertLoadsLocally(made);
    } finally {
      for (Path file : SamplePlugin.files(made)) {
        Files.delete(file);
      }
      Files.delete(made.resolve("model"));
      Files.delete(made);
    }
  }

  @Test
  void overlay() throws Exception {
    String options = "";
    for (String part : List.of("lower", "upper", "work")) {
      Path layer = Files.createDirectory(folder.resolve(part));
      options += (options.isEmpty() ? "" : ",") + part + "dir=" + layer;
    }
    Path point = Files.createDirectory(folder.resolve("mounted"));
    int status = run("mount", "-t", "overlay", "overlay", "-o", options, point.toString());
    Assumptions.assumeTrue(status == 0, "can't mount an overlay: it takes root");
    try {
      assertLoadsLocally(point);
    } finally {
      assertThat(run("umount", point.toString())).isZero();
    }
  }

  private static int run(String... command) throws Exception {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }

  private void assertLoadsLocally(Path place) throws Exception {
    Path copy = local.copyTo(place.resolve("model"));
    assertThat(SourceFolder.digests(copy, LoadOptions.defaults())).isEqualTo(wanted);
    assertThat(SourceFolder.digests(copy, COPIED)).isEqualTo(wanted);
    assertThat(digestedByCommand(copy.toString())).isEqualTo(digestedByCommand(local.path()));
  }

  @ParameterizedTest
  @ValueSource(ints = {ZipEntry.STORED, ZipEntry.DEFLATED})
  void commandDigestsZipFiles(int method) throws Exception {
    Path archive = local.zip(folder.resolve("model.zip"), method);
    assertThat(digestedByCommand("jar:" + archive.toUri() + "!/model"))
        .isEqualTo(digestedByCommand(local.path()));
  }

  private String digestedByCommand(Object checkpoint) throws Exception {
    Jvm fst = Distribution.fst(folder, List.of(), "digest", checkpoint.toString());
    assertThat(fst.exit()).as(fst.output()).isZero();
    assertThat(fst.output()).hasLineCount(5);
    return fst.output();
  }

  @Test
  void backendThatWasAskedForSaysWhyNot() throws Exception {
    ScriptedFiles files = new ScriptedFiles((_, _) -> {});
    try (Loader loader = Loader.open(files.wrap(local.first()))) {
      assertThatExceptionOfType(BackendUnavailableException.class)
          .isThrownBy(() -> loader.load(LoadOptions.builder().backend("posix").build()))
          .withMessageContaining("no other backend is left; posix: ");
    }
  }

  /** Each thread that reads has its own channel; all are closed. */
  @Test
  void providerWithoutFileChannels() throws Exception {
    CountDownLatch two = new CountDownLatch(2);
    AtomicBoolean loading = new AtomicBoolean();
    ScriptedFiles files =
        new ScriptedFiles((operation, _) -> {
          if (loading.get() && operation == Operation.READ) {
            two.countDown();
            await(two);
          }
        });
    Path large = local.path().resolve(SourceFolder.SECOND);
    try (Loader loader = Loader.open(files.wrap(large))) {
      assertThat(loader.keys()).hasSize(2);
      assertThat(files.most()).isEqualTo(1);
      loading.set(true);
      try (FileBuffer buffer = loader.load(COPIED)) {
        assertThat(wanted).containsAllEntriesOf(SourceFolder.digests(buffer));
      }
    }
    assertThat(files.most()).isGreaterThan(1);
    assertThat(files.open()).isZero();
    assertLoads(files.wrap(local.path()));
    assertThat(files.open()).isZero();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void channelsThatGiveFewBytesOrNone() throws Exception {
    ScriptedFiles files = new ScriptedFiles((_, _) -> {}, 100_000);
    assertLoads(files.wrap(local.path()));
    assertThat(files.open()).isZero();
  }

  @Test
  void channelThatGivesNothingEver() throws Exception {
    ScriptedFiles files = new ScriptedFiles((_, _) -> {}, 0);
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> SourceFolder.digests(files.wrap(local.first()), COPIED))
        .withMessageContaining(SourceFolder.FIRST)
        .withMessageContaining("gives no bytes");
    assertThat(files.open()).isZero();
  }

  /** What is thrown at the first, second, ... call of an operation. */
  @ParameterizedTest
  @EnumSource(Operation.class)
  void whateverAProviderThrowsNamesTheFile(Operation operation) throws Exception {
    List<Supplier<RuntimeException>> failures =
        List.of(
            () -> new UnsupportedOperationException("no such thing"),
            ClosedFileSystemException::new,
            ProviderMismatchException::new,
            () -> new IllegalStateException("out of order"),
            () -> new SecurityException("not you"),
            () -> new UncheckedIOException(new IOException("lost")));
    int failed = 0;
    for (Supplier<RuntimeException> failure : failures) {
      for (int nth = 1; nth <= 12; nth++) {
        failed += loadFailing(operation, nth, failure) ? 1 : 0;
      }
    }
    assertThat(failed).isPositive();
  }

  /** Returns whether the load failed; if not the bytes are right. */
  private boolean loadFailing(Operation failing, int nth, Supplier<RuntimeException> failure)
      throws Exception {
    AtomicInteger calls = new AtomicInteger();
    ScriptedFiles files =
        new ScriptedFiles((operation, _) -> {
          if (operation == failing && calls.incrementAndGet() >= nth) {
            throw failure.get();
          }
        });
    boolean failed = false;
    try {
      assertThat(SourceFolder.digests(files.wrap(local.path()), COPIED)).isEqualTo(wanted);
    } catch (LoadException e) {
      assertThat(e).hasMessageContaining(local.path().toString());
      failed = true;
    }
    assertThat(files.open()).as("%s, call %s", failing, nth).isZero();
    return failed;
  }

  @Test
  void fileThatIsCutBetweenHeaderAndData() throws Exception {
    changedAfterHeader(
        file -> Files.write(file, new byte[100]), "the file changed: it had 3000", "100 bytes");
  }

  @Test
  void fileThatGrowsBetweenHeaderAndData() throws Exception {
    changedAfterHeader(
        file -> Files.write(file, new byte[1000], StandardOpenOption.APPEND), "the file changed");
  }

  @Test
  void fileThatGetsAnotherHeaderOfTheSameSize() throws Exception {
    changedAfterHeader(
        file -> {
          byte[] bytes = Files.readAllBytes(file);
          String text = new String(bytes, StandardCharsets.ISO_8859_1);
          text = text.replaceFirst("\"a\"", "\"A\"");
          Files.write(file, text.getBytes(StandardCharsets.ISO_8859_1));
          Files.setLastModifiedTime(file, FileTime.fromMillis(1));
        },
        "the file was written to since its header was read");
  }

  /** The same header again does no harm. */
  @Test
  void fileThatIsReplacedByItsCopy() throws Exception {
    Path copy = folder.resolve("copy");
    try (Loader loader = Loader.open(local.first())) {
      assertThat(loader.keys()).hasSize(3);
      Files.copy(local.first(), copy);
      Files.setLastModifiedTime(copy, FileTime.fromMillis(1));
      Files.move(copy, local.first(), StandardCopyOption.ATOMIC_MOVE);
      try (FileBuffer buffer = loader.load()) {
        assertThat(wanted).containsAllEntriesOf(SourceFolder.digests(buffer));
      }
    }
  }

  /** Changes a file. */
  private interface Change {
    void apply(Path file) throws IOException;
  }

  private void changedAfterHeader(Change change, String... message) throws Exception {
    byte[] before = Files.readAllBytes(local.first());
    ScriptedFiles files = new ScriptedFiles((_, _) -> {});
    for (Path file : List.of(local.first(), files.wrap(local.first()))) {
      for (AccessPath way : List.of(AccessPath.AUTO, AccessPath.COPIED)) {
        Files.write(local.first(), before);
        try (Loader loader = Loader.open(file)) {
          assertThat(loader.keys()).hasSize(3);
          change.apply(local.first());
          assertThatThrownBy(() -> loader.load(LoadOptions.builder().path(way).build()))
              .isInstanceOf(LoadException.class)
              .hasMessageContainingAll(message)
              .hasMessageContaining(SourceFolder.FIRST);
        }
      }
    }
    assertThat(files.open()).isZero();
  }
}
