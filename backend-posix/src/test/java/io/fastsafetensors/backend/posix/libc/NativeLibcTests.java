// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.backend.posix.libc.Libc.FileAdvice;
import io.fastsafetensors.backend.posix.libc.Libc.MemoryAdvice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NativeLibcTests {
  private final Libc libc = Faults.real();

  @TempDir Path folder;

  @Test
  void errorsAreNegatedNumbers() {
    assertThat(libc.open(folder.resolve("missing"), false)).isEqualTo(-Errno.ENOENT);
    assertThat(libc.close(-1)).isEqualTo(-9);
    assertThat(libc.madvise(12345, 1, MemoryAdvice.POPULATE_WRITE)).isEqualTo(-Errno.EINVAL);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"plain", "with space", "100%", "a%41b", "tab\tand\nline", "ünïcödé-文", "-x"})
  void anyNameCanBeOpened(String name) throws IOException {
    Path file = Files.writeString(folder.resolve(name), "here");
    int descriptor = libc.open(file, false);
    assertThat(descriptor).isNotNegative();
    assertThat(read(descriptor, 0, 10)).isEqualTo("here".getBytes(US_ASCII));
    assertThat(libc.close(descriptor)).isZero();
  }

  @Test
  void readsFromAPlaceUpToTheEnd() throws IOException {
    int descriptor = libc.open(Files.writeString(folder.resolve("f"), "0123456789"), false);
    assertThat(read(descriptor, 3, 4)).isEqualTo("3456".getBytes(US_ASCII));
    assertThat(read(descriptor, 8, 4)).isEqualTo("89".getBytes(US_ASCII));
    assertThat(read(descriptor, 10, 4)).isEmpty();
    libc.close(descriptor);
  }

  private byte[] read(int descriptor, long offset, long count) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(count);
      long answer = libc.pread(descriptor, target, offset);
      return target.asSlice(0, answer).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  @Test
  void factsAreThoseOfTheFile() throws IOException {
    Path file = Files.write(folder.resolve("f"), new byte[12345]);
    int descriptor = libc.open(file, false);
    FileFacts facts = FileFacts.of(libc, descriptor);
    libc.close(descriptor);

    assertThat(facts.regular()).isTrue();
    assertThat(facts.size()).isEqualTo(12345);
    assertThat(facts.modified())
        .isEqualTo(Files.getLastModifiedTime(file).to(TimeUnit.NANOSECONDS));
    int directory = libc.open(folder, false);
    assertThat(FileFacts.of(libc, directory).regular()).isFalse();
    libc.close(directory);
  }

  @Test
  void cachedPagesAreCountedAndDropped() throws IOException {
    Path file = Files.write(folder.resolve("f"), new byte[10 * libc.pageSize()]);
    int descriptor = libc.open(file, false);
    assertThat(libc.cachedPages(descriptor, 0, 10L * libc.pageSize())).isEqualTo(10);
    assertThat(libc.cachedPages(descriptor, 2L * libc.pageSize(), libc.pageSize())).isOne();
    assertThat(libc.fadvise(descriptor, 0, 0, FileAdvice.DONT_NEED)).isZero();
    libc.close(descriptor);
  }

  @Test
  void cachedPagesAreToldOneByOne() throws IOException {
    long page = libc.pageSize();
    Path file = Files.write(folder.resolve("f"), new byte[(int) (10 * page)]);
    int descriptor = libc.open(file, false);
    long address = libc.mmap(12 * page, descriptor, 0, false);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pages = arena.allocate(12);
      assertThat(libc.mincore(address, 12 * page, pages)).isZero();
      assertThat(pages.toArray(ValueLayout.JAVA_BYTE)).startsWith(1, 1, 1).endsWith(1, 0, 0);
      assertThat(libc.mincore(address + 1, page, pages)).isEqualTo(-Errno.EINVAL);
    }
    assertThat(libc.peek(descriptor, 3 * page)).isIn(1, -Errno.EOPNOTSUPP);
    assertThat(libc.peek(descriptor, 10 * page)).isIn(0, -Errno.EOPNOTSUPP);
    libc.munmap(address, 12 * page);
    libc.close(descriptor);
  }

  @Test
  void fileSystemsHaveTypes() {
    int proc = libc.open(Path.of("/proc/self/maps"), false);
    assertThat(libc.fileSystem(proc)).isEqualTo(0x9fa0);
    libc.close(proc);
    assertThat(libc.fileSystem(-1)).isEqualTo(-9);
  }

  @Test
  void mapsAndUnmapsMemory() {
    long bytes = 1 << 20;
    long address = libc.mmap(bytes, -1, 0, true);
    assertThat(address).isPositive();
    assertThat(libc.madvise(address, bytes, MemoryAdvice.POPULATE_WRITE)).isZero();
    assertThat(libc.munmap(address, bytes)).isZero();
    assertThat(libc.madvise(address, bytes, MemoryAdvice.POPULATE_WRITE)).isEqualTo(-Errno.ENOMEM);
  }

  @Test
  void threadsStayWhereTheyAreTold() throws InterruptedException {
    AtomicReference<String> allowed = new AtomicReference<>("");
    BitSet first = new BitSet();
    first.set(0);
    Thread thread = Thread.ofPlatform().start(() -> allowed.set(runOn(first)));
    thread.join();
    assertThat(allowed.get()).isEqualTo("0");
    assertThat(libc.currentNode()).isNotNegative();
  }

  private String runOn(BitSet processors) {
    assertThat(libc.runOn(processors)).isZero();
    try {
      return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
          .filter(line -> line.startsWith("Cpus_allowed_list:"))
          .map(line -> line.split("\\s+", 2)[1])
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void memoryCanPreferANode() {
    long address = libc.mmap(4096, -1, 0, true);
    assertThat(libc.preferNode(address, 4096, 0)).isIn(0, -Errno.ENOSYS, -Errno.EPERM);
    libc.munmap(address, 4096);
  }
}
