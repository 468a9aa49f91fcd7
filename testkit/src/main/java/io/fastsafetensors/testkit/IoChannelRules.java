// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.testkit.ProcessSnapshot.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * Rule of backends about the channels that they open: IO-125.
 *
 * @since 0.1
 */
public interface IoChannelRules extends IoRules {
  /** Rule IO-125: a channel starts at the first byte, and is nobody else's. */
  @Test
  default void required_io125_channelsGiveTheFile() {
    IoBench.use(
        "IO-125",
        this,
        (bench, rule) -> {
          SampleFile file = bench.folder.write(100_000);
          try (SeekableByteChannel first = backend().channel(file.path())) {
            check(rule, file, first, 0, 8);
            try (SeekableByteChannel second = backend().channel(file.path())) {
              check(rule, file, second, 0, file.bytes());
            }
            check(rule, file, first, 8, 1_000);
            check(rule, file, first.position(99_990), 99_990, 10);
            int more = first.read(ByteBuffer.allocate(1));
            rule.check(more < 0, "a channel that is at its end gave " + more + " bytes");
          }
          bench.check(rule, file, file.whole(), bench.load(file.whole()));
        });
  }

  /** Rule IO-125: a file that is missing is an error, and no lack of a feature. */
  @Test
  default void required_io125_channelOfNoFileIsAnError() {
    IoBench.use(
        "IO-125",
        this,
        (bench, rule) -> {
          Path missing = bench.folder.next();
          IOException e =
              rule.refuses(
                  IOException.class,
                  "opening a file that is missing",
                  () -> backend().channel(missing).size());
          rule.check(
              !(e instanceof UnsupportedTransferException),
              "a file that is missing is not a lack of a feature: " + e);
        });
  }

  /** Rule IO-125: nothing is left of a channel that was closed. */
  @Test
  default void required_io125_channelsLeaveNothing() {
    IoBench.use(
        "IO-125",
        this,
        (bench, rule) -> {
          SampleFile file = bench.folder.write(10_000);
          LeakCheck.<IOException>check(
              rule,
              "channels of " + backend().id(),
              5,
              Duration.ofSeconds(20),
              () -> backend().channel(file.path()).close());
        });
  }

  /** Rule IO-125: a file of another provider is opened or refused, and nothing else. */
  @Test
  default void required_io125_otherFileSystemsAreOpenedOrUnsupported() {
    IoBench.use(
        "IO-125",
        this,
        (bench, rule) -> {
          try (FileSystem zip = bench.folder.newZip()) {
            SampleFile file = SampleFiles.write(zip.getPath("/inside.bin"), 100_000, 5);
            try (SeekableByteChannel channel = backend().channel(file.path())) {
              check(rule, file, channel, 0, file.bytes());
            } catch (UnsupportedTransferException e) {
              return; // the engine asks the next backend
            } catch (IOException | RuntimeException e) {
              throw rule.broken("a file of another provider, neither open nor unsupported: " + e);
            }
          }
        });
  }

  private static void check(
      Rule rule, SampleFile file, SeekableByteChannel channel, long from, long bytes)
      throws IOException {
    rule.same(from, channel.position(), "the channel's position");
    rule.same(file.bytes(), channel.size(), "the channel's size");
    ByteBuffer read = ByteBuffer.allocate(Math.toIntExact(bytes));
    while (read.hasRemaining() && channel.read(read) >= 0) {}
    byte[] wanted = file.expected(new ByteRange(from, from + bytes));
    int wrong = Arrays.mismatch(wanted, Arrays.copyOf(read.array(), read.position()));
    rule.check(wrong < 0, "a channel gave a wrong byte at " + (from + wrong));
  }
}
