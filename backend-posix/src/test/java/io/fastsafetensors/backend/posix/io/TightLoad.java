// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.backend.posix.LinuxRuntime;
import io.fastsafetensors.backend.posix.PosixIoBackend;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.RangePlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Loads every file of a folder, says what came of it, and what stayed open. */
public final class TightLoad {
  private static final IoOptions OPTIONS = options(AccessPath.COPIED, DirectMode.AUTO, 2, 0);

  private TightLoad() {}

  static IoOptions options(AccessPath path, DirectMode direct, int threads, long alignment) {
    return IoOptions.builder(new RecordingMonitor())
        .path(path)
        .direct(direct)
        .threads(threads)
        .alignment(alignment)
        .build();
  }

  /** Loads a folder, and writes to a file: both are given. */
  public static void main(String[] args) throws IOException {
    load(
        List.of(Path.of(args[0], "missing")),
        OPTIONS); // loads the classes of errors, one file each
    long before = openFiles();
    List<Path> files;
    try (Stream<Path> entries = Files.list(Path.of(args[0]))) {
      files = entries.toList();
    }
    String said = load(files, OPTIONS);
    Files.writeString(
        Path.of(args[1]), said + System.lineSeparator() + "left open: " + (openFiles() - before));
  }

  private static long openFiles() throws IOException {
    try (Stream<Path> entries = Files.list(Path.of("/proc/self/fd"))) {
      return entries.count();
    }
  }

  /** Loads files whole, frees them, and says so, or what went wrong. */
  static String load(List<Path> files, IoOptions options) throws IOException {
    List<IoTicket> tickets = new ArrayList<>();
    try (DeviceContext context = new LinuxRuntime().open(Device.CPU);
        IoSession session = new PosixIoBackend().open(context, options)) {
      try {
        for (Path file : files) {
          long size = Files.exists(file) ? Files.size(file) : 0;
          tickets.add(session.submit(RangePlan.of(file, size, List.of(new ByteRange(0, size)))));
        }
        for (IoTicket ticket : tickets) {
          ticket.await().buffers().forEach(DeviceBuffer::close);
        }
      } finally {
        tickets.forEach(IoTicket::close);
      }
      return "loaded";
    } catch (LoadException e) {
      return e.toString();
    }
  }
}
