// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.fuse;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Shows the files of a folder, of which one has a disk error: its reads fail from a place on. It is
 * a process of its own: a JVM that waits for a page of a file that it serves itself would stand
 * still. It ends, and unmounts, when its input ends.
 */
final class FuseServer {
  /** A page more than the kernel asks for at a time. */
  private static final int REQUEST = 1 << 20;

  private static final int IN_HEADER = 40;
  private static final int OUT_HEADER = 16;
  private static final long ROOT = 1;
  private static final int FOLDER_MODE = 0040755;
  private static final int FILE_MODE = 0100644;

  private static final int LOOKUP = 1;
  private static final int FORGET = 2;
  private static final int GETATTR = 3;
  private static final int OPEN = 14;
  private static final int READ = 15;
  private static final int STATFS = 17;
  private static final int RELEASE = 18;
  private static final int FLUSH = 25;
  private static final int INIT = 26;
  private static final int INTERRUPT = 36;
  private static final int BATCH_FORGET = 42;

  private static final int NO_SUCH_FILE = 2;
  private static final int DISK_ERROR = 5;
  private static final int NOT_IMPLEMENTED = 38;

  private final int fuse;
  private final List<Path> files;
  private final Path bad;
  private final long badFrom;
  private final ByteBuffer in = ByteBuffer.allocateDirect(REQUEST).order(ByteOrder.nativeOrder());
  private final ByteBuffer out = ByteBuffer.allocateDirect(REQUEST).order(ByteOrder.nativeOrder());

  private FuseServer(int fuse, List<Path> files, Path bad, long badFrom) {
    this.fuse = fuse;
    this.files = files;
    this.bad = bad;
    this.badFrom = badFrom;
  }

  /** Needs the bad file, where to show its folder, and where it gets bad. */
  public static void main(String[] arguments) throws IOException {
    Path bad = Path.of(arguments[0]);
    Path mount = Path.of(arguments[1]);
    List<Path> files = new ArrayList<>();
    try (var all = Files.list(bad.getParent())) {
      all.forEach(files::add);
    }
    try {
      int fuse = Kernel.openFuse();
      Kernel.mount(mount, fuse);
      FuseServer server = new FuseServer(fuse, files, bad, Long.parseLong(arguments[2]));
      Thread.ofPlatform().daemon().start(server::serve);
    } catch (IOException e) {
      System.out.println("no FUSE: " + e.getMessage());
      return;
    }
    System.out.println("mounted");
    var _ = System.in.read();
    Kernel.unmount(mount);
  }

  private void serve() {
    try {
      while (true) {
        in.clear().limit((int) Kernel.read(fuse, MemorySegment.ofBuffer(in.clear())));
        out.clear().position(OUT_HEADER);
        int operation = in.getInt(4);
        if (operation != FORGET && operation != BATCH_FORGET && operation != INTERRUPT) {
          int error = answer(operation, in.getLong(16));
          if (error != 0) {
            out.position(OUT_HEADER);
          }
          out.putInt(0, out.position()).putInt(4, -error).putLong(8, in.getLong(8)).flip();
          Kernel.write(fuse, MemorySegment.ofBuffer(out));
        }
      }
    } catch (IOException e) {
      System.out.println("ended: " + e.getMessage()); // unmounted, or the test fails
    }
  }

  /** Puts an answer; returns the error, or 0. */
  private int answer(int operation, long node) throws IOException {
    return switch (operation) {
      case INIT -> init();
      case LOOKUP -> lookup();
      case GETATTR -> {
        out.putLong(1).putLong(0);
        yield attributes(node);
      }
      case OPEN -> {
        out.putLong(node).putLong(0);
        yield 0;
      }
      case READ -> read(files.get((int) (node - ROOT - 1)));
      case STATFS -> {
        out.position(out.position() + 80);
        yield 0;
      }
      case RELEASE, FLUSH -> 0;
      default -> NOT_IMPLEMENTED;
    };
  }

  private int init() {
    int start = out.position();
    out.putInt(7).putInt(31).putInt(in.getInt(IN_HEADER + 8)).putInt(1); // reads may overtake
    out.putInt(0).putInt(1 << 17); // the most that is written at a time
    out.position(start + 64);
    return 0;
  }

  private int lookup() throws IOException {
    byte[] name = new byte[in.limit() - IN_HEADER - 1];
    in.get(IN_HEADER, name);
    String wanted = new String(name, StandardCharsets.UTF_8);
    for (int i = 0; i < files.size(); i++) {
      if (files.get(i).getFileName().toString().equals(wanted)) {
        long node = ROOT + 1 + i;
        out.putLong(node).putLong(0).putLong(1).putLong(1).putLong(0);
        return attributes(node);
      }
    }
    return NO_SUCH_FILE;
  }

  private int attributes(long node) throws IOException {
    boolean isFolder = node == ROOT;
    long size = 0;
    long seconds = 1;
    if (!isFolder) {
      Path file = files.get((int) (node - ROOT - 1));
      size = Files.size(file);
      seconds = Files.getLastModifiedTime(file).toMillis() / 1000;
    }
    out.putLong(node).putLong(size).putLong((size + 511) / 512);
    out.putLong(seconds).putLong(seconds).putLong(seconds).putInt(0).putInt(0).putInt(0);
    out.putInt(isFolder ? FOLDER_MODE : FILE_MODE).putInt(1).putInt(0).putInt(0);
    out.putInt(0).putInt(4096).putInt(0);
    return 0;
  }

  private int read(Path file) throws IOException {
    long offset = in.getLong(IN_HEADER + 8);
    int size = in.getInt(IN_HEADER + 16);
    if (file.equals(bad) && offset + size > badFrom) {
      return DISK_ERROR; // the kernel asks again for the pages before, one by one
    }
    try (FileChannel channel = FileChannel.open(file)) {
      out.limit(out.position() + size);
      while (out.hasRemaining() && channel.read(out, offset + out.position() - OUT_HEADER) >= 0) {}
    }
    return 0;
  }
}
