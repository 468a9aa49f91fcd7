// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.BackendUnavailableException;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.integration.ScriptedFiles.Operation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Providers that lack something, fail, or change files: the right bytes, or a clear exception. */
@Tag("slow")
class ScriptedSourcesTests extends SourcesFixture {
  @Test
  void backendThatWasAskedForSaysWhyNot() throws Exception {
    ScriptedFiles files = new ScriptedFiles((_, _) -> {});
    try (Loader loader = Loader.open(files.wrap(local.first()))) {
      assertThatExceptionOfType(BackendUnavailableException.class)
          .isThrownBy(() -> loader.load(LoadOptions.builder().backend("posix").build()))
          .withMessageContaining("no other backend is left; posix: ");
    }
  }

  /** Each thread that reads has its own channel; all are closed. */
  @Test
  void providerWithoutFileChannels() throws Exception {
    CountDownLatch two = new CountDownLatch(2);
    AtomicBoolean loading = new AtomicBoolean();
    ScriptedFiles files =
        new ScriptedFiles((operation, _) -> {
          if (loading.get() && operation == Operation.READ) {
            two.countDown();
            await(two);
          }
        });
    Path large = local.path().resolve(SourceFolder.SECOND);
    try (Loader loader = Loader.open(files.wrap(large))) {
      assertThat(loader.keys()).hasSize(2);
      assertThat(files.most()).isEqualTo(1);
      loading.set(true);
      try (FileBuffer buffer = loader.load(COPIED)) {
        assertThat(wanted).containsAllEntriesOf(SourceFolder.digests(buffer));
      }
    }
    assertThat(files.most()).isGreaterThan(1);
    assertThat(files.open()).isZero();
    assertLoads(files.wrap(local.path()));
    assertThat(files.open()).isZero();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void channelsThatGiveFewBytesOrNone() throws Exception {
    ScriptedFiles files = new ScriptedFiles((_, _) -> {}, 100_000);
    assertLoads(files.wrap(local.path()));
    assertThat(files.open()).isZero();
  }

  @Test
  void channelThatGivesNothingEver() throws Exception {
    ScriptedFiles files = new ScriptedFiles((_, _) -> {}, 0);
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> SourceFolder.digests(files.wrap(local.first()), COPIED))
        .withMessageContaining(SourceFolder.FIRST)
        .withMessageContaining("gives no bytes");
    assertThat(files.open()).isZero();
  }

  /** What is thrown at the first, second, ... call of an operation. */
  @ParameterizedTest
  @EnumSource(Operation.class)
  void whateverAProviderThrowsNamesTheFile(Operation operation) throws Exception {
    List<Supplier<RuntimeException>> failures =
        List.of(
            () -> new UnsupportedOperationException("no such thing"),
            ClosedFileSystemException::new,
            ProviderMismatchException::new,
            () -> new IllegalStateException("out of order"),
            () -> new SecurityException("not you"),
            () -> new UncheckedIOException(new IOException("lost")));
    int failed = 0;
    for (int nth = 1; nth <= 12; nth++) { // each at two places
      failed += loadFailing(operation, nth, failures.get(nth % failures.size())) ? 1 : 0;
    }
    assertThat(failed).isPositive();
  }

  /** Returns whether the load failed; if not the bytes are right. */
  private boolean loadFailing(Operation failing, int nth, Supplier<RuntimeException> failure)
      throws Exception {
    AtomicInteger calls = new AtomicInteger();
    ScriptedFiles files =
        new ScriptedFiles((operation, _) -> {
          if (operation == failing && calls.incrementAndGet() >= nth) {
            throw failure.get();
          }
        });
    boolean failed = false;
    try {
      assertThat(SourceFolder.digests(files.wrap(local.path()), COPIED)).isEqualTo(wanted);
    } catch (LoadException e) {
      assertThat(e).hasMessageContaining(local.path().toString());
      failed = true;
    }
    assertThat(files.open()).as("%s, call %s", failing, nth).isZero();
    return failed;
  }

  /** The load fails by one header while another is being read: that file is closed, too. */
  @Test
  void failureClosesTheFilesWhoseHeadersAreBeingRead() throws Exception {
    CountDownLatch second = new CountDownLatch(1);
    ScriptedFiles files =
        new ScriptedFiles((operation, path) -> {
          if (operation == Operation.READ && path.endsWith(SourceFolder.SECOND)) {
            second.countDown();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
          } else if (operation == Operation.READ && path.endsWith(SourceFolder.FIRST)) {
            await(second);
            throw new IOException("lost");
          }
        });
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> SourceFolder.digests(files.wrap(local.path()), COPIED))
        .withMessageContaining(SourceFolder.FIRST)
        .withMessageContaining("lost");
    assertThat(files.opened()).isGreaterThan(1);
    assertThat(files.open()).isZero();
  }

  @Test
  void fileThatIsCutBetweenHeaderAndData() throws Exception {
    changedAfterHeader(
        file -> Files.write(file, new byte[100]), "the file changed: it had 3000", "100 bytes");
  }

  @Test
  void fileThatGrowsBetweenHeaderAndData() throws Exception {
    changedAfterHeader(
        file -> Files.write(file, new byte[1000], StandardOpenOption.APPEND), "the file changed");
  }

  @Test
  void fileThatGetsAnotherHeaderOfTheSameSize() throws Exception {
    changedAfterHeader(
        file -> {
          byte[] bytes = Files.readAllBytes(file);
          String text = new String(bytes, StandardCharsets.ISO_8859_1);
          text = text.replaceFirst("\"a\"", "\"A\"");
          Files.write(file, text.getBytes(StandardCharsets.ISO_8859_1));
          Files.setLastModifiedTime(file, FileTime.fromMillis(1));
        },
        "the file was written to since its header was read");
  }

  /** The same header again does no harm. */
  @Test
  void fileThatIsReplacedByItsCopy() throws Exception {
    Path copy = folder.resolve("copy");
    try (Loader loader = Loader.open(local.first())) {
      assertThat(loader.keys()).hasSize(3);
      Files.copy(local.first(), copy);
      Files.setLastModifiedTime(copy, FileTime.fromMillis(1));
      Files.move(copy, local.first(), StandardCopyOption.ATOMIC_MOVE);
      try (FileBuffer buffer = loader.load()) {
        assertThat(wanted).containsAllEntriesOf(SourceFolder.digests(buffer));
      }
    }
  }

  /** Changes a file. */
  private interface Change {
    void apply(Path file) throws IOException;
  }

  private void changedAfterHeader(Change change, String... message) throws Exception {
    byte[] before = Files.readAllBytes(local.first());
    ScriptedFiles files = new ScriptedFiles((_, _) -> {});
    for (Path file : List.of(local.first(), files.wrap(local.first()))) {
      for (AccessPath way : List.of(AccessPath.AUTO, AccessPath.COPIED)) {
        Files.write(local.first(), before);
        try (Loader loader = Loader.open(file)) {
          assertThat(loader.keys()).hasSize(3);
          change.apply(local.first());
          assertThatThrownBy(() -> loader.load(LoadOptions.builder().path(way).build()))
              .isInstanceOf(LoadException.class)
              .hasMessageContainingAll(message)
              .hasMessageContaining(SourceFolder.FIRST);
        }
      }
    }
    assertThat(files.open()).isZero();
  }
}
