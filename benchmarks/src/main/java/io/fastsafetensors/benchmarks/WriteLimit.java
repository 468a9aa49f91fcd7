// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the disk takes at best: direct writes in a queue by {@code fio}, flushed in the end, to
 * files that have their blocks beforehand.
 *
 * @param files how many files
 * @param depth how many writes there are at a time
 */
record WriteLimit(int files, int depth) {
  /** What the names of all these ways begin with. */
  static final String NAME = "direct writes by fio";

  private static final long BLOCK = 4096;
  private static final Path FIO = Path.of("/usr/bin/fio");
  private static final Pattern RUNTIME_MILLIS = Pattern.compile("\"runtime\" : (\\d+)");

  /** Returns a few queues, of which the best counts; none where there is no fio. */
  static List<Way> ways(int files) {
    return Files.isExecutable(FIO)
        ? Stream.of(4, 8, 16).map(depth -> new WriteLimit(files, depth).way()).toList()
        : List.of();
  }

  private Way way() {
    return Way.of(
            "%s, %s files, 8 MiB x %s deep".formatted(NAME, files, depth),
            folder -> {
              Path target = Files.createTempDirectory(folder.getParent(), "fst-save");
              long bytes = HostState.bytes(folder) / files / BLOCK * BLOCK;
              return new Way.Run() {
                @Override
                public long nanos() throws Exception {
                  return write(target, bytes);
                }

                @Override
                public void close() {
                  delete(target);
                }
              };
            })
        .inOtherProcess();
  }

  private long write(Path folder, long bytes) throws IOException {
    List<String> command =
        List.of(
            FIO.toString(),
            "--name=limit",
            "--rw=write",
            "--direct=1",
            "--bs=8m",
            "--iodepth=" + depth,
            "--ioengine=libaio",
            "--fallocate=posix",
            "--end_fsync=1",
            "--nrfiles=" + files,
            "--filesize=" + bytes,
            "--file_service_type=roundrobin",
            "--directory=" + folder,
            "--output-format=json");
    Process process = new ProcessBuilder(command).start();
    String report = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Matcher matcher = RUNTIME_MILLIS.matcher(report);
    long longest = 0;
    while (matcher.find()) {
      longest = Math.max(longest, Long.parseLong(matcher.group(1)));
    }
    if (longest == 0) {
      throw new IOException("fio told no run time: " + report);
    }
    return longest * 1_000_000;
  }

  /** Deletes a folder of files. */
  static void delete(Path folder) {
    try {
      for (Path file : HostState.files(folder)) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
