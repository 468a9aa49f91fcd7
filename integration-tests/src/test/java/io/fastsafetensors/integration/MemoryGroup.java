// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A control group with a limit on memory, and one inside of it for processes. */
final class MemoryGroup implements AutoCloseable {
  private static final Path V1 = Path.of("/sys/fs/cgroup/memory");
  private static final Path V2 = Path.of("/sys/fs/cgroup");
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Path outer;
  private final Path inner;

  private MemoryGroup(Path outer) {
    this.outer = outer;
    this.inner = outer.resolve("inner");
  }

  /** Makes a group, or skips the test where that can't be done. */
  static MemoryGroup make(long limit) throws IOException {
    boolean isV1 = Files.exists(V1.resolve("memory.limit_in_bytes"));
    MemoryGroup group =
        new MemoryGroup((isV1 ? V1 : V2).resolve("fst-test-" + ProcessHandle.current().pid()));
    try {
      if (!isV1) {
        Files.writeString(V2.resolve("cgroup.subtree_control"), "+memory");
      }
      Files.createDirectories(group.inner);
      Path file = group.outer.resolve(isV1 ? "memory.limit_in_bytes" : "memory.max");
      Files.writeString(file, Long.toString(limit));
      return group;
    } catch (IOException e) {
      group.close();
      Assumptions.abort("no control group of memory can be made here: " + e);
      throw e;
    }
  }

  /** Returns the shell command that enters the group in which the limit is. */
  String enter() {
    return "echo $$ > " + outer + "/cgroup.procs";
  }

  /** Returns the shell command that enters the group inside, which has no limit of its own. */
  String enterInner() {
    return "echo $$ > " + inner + "/cgroup.procs";
  }

  /**
   * Returns what the kernel counts for the group, of which the page cache stays after processes.
   */
  String state() throws IOException {
    return Files.readString(outer.resolve("memory.stat"));
  }

  @Override
  public void close() throws IOException {
    for (Path folder : List.of(inner, outer)) {
      long end = System.nanoTime() + PATIENCE.toNanos();
      while (Files.exists(folder) && !folder.toFile().delete()) {
        if (System.nanoTime() > end) {
          throw new IOException(folder + " is still in use");
        }
        pause();
      }
    }
  }

  /** A process that has ended is in its group until the kernel has let go of it. */
  private static void pause() throws IOException {
    try {
      TimeUnit.MILLISECONDS.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
