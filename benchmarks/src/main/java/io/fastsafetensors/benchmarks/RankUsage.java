// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * When a rank was done, and what the kernel counted of its process meanwhile; memory is what came
 * on top of what it had before.
 *
 * @param given when it had its parts, by the clock that all processes of a host share
 * @param touched when it had also read each page of them
 * @param read bytes that it had the storage bring
 * @param peak the most memory at a time, in bytes
 * @param anonymous the memory of its own, in bytes: at the end, or the most that was sampled
 * @param file pages of files that it had mapped, in bytes, likewise
 */
record RankUsage(long given, long touched, long read, long peak, long anonymous, long file) {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path IO = Path.of("/proc/self/io");
  private static final int KIB = 1024;

  static RankUsage parse(List<String> words) {
    List<Long> numbers = words.stream().map(Long::valueOf).toList();
    return new RankUsage(
        numbers.get(0),
        numbers.get(1),
        numbers.get(2),
        numbers.get(3),
        numbers.get(4),
        numbers.get(5));
  }

  String print() {
    return Stream.of(given, touched, read, peak, anonymous, file)
        .map(String::valueOf)
        .collect(Collectors.joining(RankJvm.TAB));
  }

  /** Has the kernel forget the process's peak. */
  static void forgetPeak() throws IOException {
    Files.writeString(Path.of("/proc/self/clear_refs"), "5");
  }

  /** Returns what the process has and had, and what it has read since it began. */
  static RankUsage now(long given, long touched) throws IOException {
    List<String> status = Files.readAllLines(STATUS);
    return new RankUsage(
        given,
        touched,
        value(Files.readAllLines(IO), "read_bytes:"),
        value(status, "VmHWM:") * KIB,
        value(status, "RssAnon:") * KIB,
        value(status, "RssFile:") * KIB);
  }

  private static long value(List<String> lines, String name) {
    return lines.stream()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(name.length()).replace("kB", "").strip())
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElseThrow();
  }

  /** Returns what came since, of which the peak had been forgotten just before. */
  RankUsage since(RankUsage before) {
    return new RankUsage(
        given,
        touched,
        read - before.read,
        peak - before.peak,
        anonymous - before.anonymous,
        file - before.file);
  }

  /** Returns these with the larger memory of both. */
  RankUsage most(RankUsage sampled) {
    return new RankUsage(
        given,
        touched,
        read,
        peak,
        Math.max(anonymous, sampled.anonymous),
        Math.max(file, sampled.file));
  }
}
