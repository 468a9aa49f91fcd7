// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the disk gives at best: direct reads in a queue, by {@code fio} where it is installed (into
 * small pages), and by {@link DirectReads} (into huge ones, the same or new ones).
 *
 * @param blockMib the size of a read in MiB
 * @param depth how many there are at a time
 */
record DiskLimit(int blockMib, int depth) {
  /** What the names of all these ways begin with. */
  static final String NAME = "direct reads";

  /** What those begin with that {@code fio} does. */
  static final String FIO_NAME = NAME + " by fio";

  /** What those begin with whose memory is new; they are no limit of the disk alone. */
  static final String NEW_MEMORY = "new memory, direct reads";

  private static final Path FIO = Path.of("/usr/bin/fio");
  private static final Pattern RUNTIME_MILLIS = Pattern.compile("\"runtime\" : (\\d+)");

  /** Returns a few queues, of which the best counts. */
  static List<Way> ways() {
    List<DiskLimit> queues =
        List.of(new DiskLimit(16, 16), new DiskLimit(4, 16), new DiskLimit(1, 32));
    Stream<Way> byFio =
        Files.isExecutable(FIO) ? queues.stream().map(DiskLimit::fio) : Stream.empty();
    Stream<Way> ourOwn =
        queues.stream().flatMap(queue -> Stream.of(queue.ourOwn(false), queue.ourOwn(true)));
    return Stream.concat(byFio, ourOwn).toList();
  }

  /** Returns the queue that is usually best, into the same memory again and again. */
  static Way again() {
    return new DiskLimit(4, 16).ourOwn(false);
  }

  private Way ourOwn(boolean intoNewMemory) {
    return way(
        intoNewMemory ? NEW_MEMORY : NAME,
        folder -> new DirectReads(folder, blockMib << 20, depth, intoNewMemory));
  }

  private Way fio() {
    return way(FIO_NAME, folder -> () -> read(HostState.files(folder))).inOtherProcess();
  }

  private Way way(String reader, Way.Preparation preparation) {
    String name = "%s, %s MiB x %s deep".formatted(reader, blockMib, depth);
    return Way.of(name, preparation).only(CacheState.COLD, CacheState.COLD_128K);
  }

  private long read(List<Path> files) throws IOException {
    List<String> command =
        List.of(
            FIO.toString(),
            "--name=limit",
            "--readonly",
            "--rw=read",
            "--direct=1",
            "--bs=" + blockMib + "m",
            "--iodepth=" + depth,
            "--ioengine=libaio",
            "--file_service_type=sequential",
            "--output-format=json",
            "--filename=" + files.stream().map(Path::toString).collect(Collectors.joining(":")));
    Process process = new ProcessBuilder(command).start();
    String report = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Matcher matcher = RUNTIME_MILLIS.matcher(report);
    if (matcher.find()) {
      return Long.parseLong(matcher.group(1)) * 1_000_000;
    }
    throw new IOException("fio told no run time: " + report);
  }
}
