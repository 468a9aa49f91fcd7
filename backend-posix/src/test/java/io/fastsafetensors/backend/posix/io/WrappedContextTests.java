// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.libc.Libc.MemoryAdvice;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.testkit.ForwardingContext;
import io.fastsafetensors.testkit.SampleFile;
import io.fastsafetensors.testkit.SampleFiles;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** A context that wraps another has its late memory; one that has none still gets its files. */
class WrappedContextTests extends FaultFixture {
  private static final String READERS = "fastsafetensors-posix-";

  /** The threads that had pages made. */
  private final List<String> makers = new CopyOnWriteArrayList<>();

  private final class Watching extends CountingFaults {
    @Override
    public int madvise(long address, long length, MemoryAdvice advice) {
      if (advice == MemoryAdvice.POPULATE_WRITE && length > 1) {
        makers.add(Thread.currentThread().getName());
      }
      return super.madvise(address, length, advice);
    }
  }

  /** A context without late memory. */
  private static final class Plain extends ForwardingContext {
    Plain(DeviceContext right) {
      super(right);
    }

    @Override
    public Optional<LateMemory> lateMemory() {
      return Optional.empty();
    }
  }

  private LoadedRanges load(AccessPath path) throws IOException {
    SampleFile half = SampleFiles.write(folder.resolve("half"), 64 * MIB + 5, 1);
    CachedParts.warmOnly(half.path(), 32 * MIB);
    loads.path = path;
    return loads.check(half);
  }

  @Test
  void aFileThatIsPartlyCachedIsMappedInPart() throws IOException {
    loads.context = new ForwardingContext(loads.context);
    LoadedRanges loaded = load(AccessPath.AUTO);
    assertThat(loaded.stats().reason().toString()).startsWith("mapped where cached: ");
    assertThat(loaded.stats().bytesByPath())
        .containsEntry(TransferPath.MAPPED, 32 * MIB)
        .containsEntry(TransferPath.DIRECT, 32 * MIB + 5);
  }

  @Test
  void readersMakeThePagesThatTheyFill() throws IOException {
    with(new Watching());
    loads.context = new ForwardingContext(loads.context);
    load(AccessPath.COPIED);
    assertThat(makers).isNotEmpty().allMatch(name -> name.startsWith(READERS));
  }

  @Test
  void withoutLateMemoryAllIsCopiedIntoMemoryThatIsThere() throws IOException {
    with(new Watching());
    loads.context = new Plain(loads.context);
    assertThat(load(AccessPath.AUTO).stats().reason().toString()).startsWith("copied: ");
    assertThat(makers).isNotEmpty().noneMatch(name -> name.startsWith(READERS));
  }
}
