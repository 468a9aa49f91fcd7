// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same checkpoint from file systems of any provider: the same bytes, or a clear exception. */
@Tag("slow")
class SourcesTests extends SourcesFixture {
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
    int status =
        SystemCommand.run("mount", "-t", "overlay", "overlay", "-o", options, point.toString());
    Assumptions.assumeTrue(status == 0, "can't mount an overlay: it takes root");
    try {
      assertLoadsLocally(point);
    } finally {
      assertThat(SystemCommand.run("umount", point.toString())).isZero();
    }
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
}
