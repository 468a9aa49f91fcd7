#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A model in a zip archive, read through the JDK's own zip file system: a FileChannel of an entry first writes the
# whole entry to a file beside the archive, and newByteChannel first takes all of it to the heap. Stored entries, too,
# whose bytes could be read where they are; so reading a header costs the size of the model.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
java=$(ls -d /usr/lib/jvm/*25*/bin/java 2>/dev/null | head -1)
cat >"$work/ZipChannels.java" <<'END'
import java.nio.ByteBuffer;
import java.nio.channels.*;
import java.nio.file.*;
import java.util.*;
import java.util.stream.*;
import java.util.zip.*;

public class ZipChannels {
  static final int SIZE = 64 << 20;

  static List<String> beside(Path folder, Path zip) throws Exception {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(f -> !f.equals(zip) && Files.isRegularFile(f) && !f.toString().endsWith(".java"))
          .map(f -> { try { return Files.size(f) + " bytes"; } catch (Exception e) { return e.toString(); } })
          .toList();
    }
  }

  static long allocated() {
    return ((com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean())
        .getThreadAllocatedBytes(Thread.currentThread().threadId());
  }

  public static void main(String[] args) throws Exception {
    System.out.println("java " + Runtime.version());
    Path folder = Path.of(args[0]), zip = folder.resolve("model.zip");
    byte[] model = new byte[SIZE];
    new Random(1).nextBytes(model);
    CRC32 crc = new CRC32();
    crc.update(model);
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
      ZipEntry stored = new ZipEntry("stored.safetensors");
      stored.setMethod(ZipEntry.STORED);
      stored.setSize(SIZE);
      stored.setCrc(crc.getValue());
      out.putNextEntry(stored);
      out.write(model);
      out.putNextEntry(new ZipEntry("deflated.safetensors"));
      out.write(model);
    }
    model = null;
    for (String name : List.of("stored.safetensors", "deflated.safetensors")) {
      try (FileSystem fs = FileSystems.newFileSystem(zip)) {
        Path entry = fs.getPath(name);
        try (FileChannel channel = FileChannel.open(entry, StandardOpenOption.READ)) {
          channel.read(ByteBuffer.allocate(8), 0);
          List<String> files = beside(folder, zip);
          System.out.println(name + ", FileChannel, 8 bytes read: beside the archive " + files);
          if (!files.equals(List.of(SIZE + " bytes"))) throw new AssertionError("changed");
        }
        long before = allocated();
        try (SeekableByteChannel channel = Files.newByteChannel(entry)) {
          channel.read(ByteBuffer.allocate(8));
          long bytes = allocated() - before;
          System.out.println(name + ", newByteChannel, 8 bytes read: " + (bytes >> 20) + " MiB of heap allocated");
          if (bytes < SIZE) throw new AssertionError("changed");
        }
      }
    }
  }
}
END
"$java" "$work/ZipChannels.java" "$work"
