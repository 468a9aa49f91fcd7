// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.spi.RangePlan;
import io.fastsafetensors.testkit.SampleFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files that change before or while they are read. */
class ChangedFilesTests extends FaultFixture {
  @Test
  void fileOfAnotherSizeThanPlannedIsAnError() {
    RangePlan longer = new SampleFile(file.path(), file.bytes() + 1, 1).whole();
    assertThatExceptionOfType(TransferException.class)
        .isThrownBy(() -> loads.load(longer))
        .withMessageContaining("it had 9437262 bytes, it has 9437261 bytes now");
  }

  @ParameterizedTest
  @EnumSource(DirectMode.class)
  void fileCutWhileItIsReadIsAnError(DirectMode mode) {
    loads.direct = mode;
    loads.threads = 1;
    loads.monitor.onBlock = () -> cut(file.path());
    assertThatExceptionOfType(TransferException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessageMatching("(?s).*the file changed.*");
  }

  @Test
  void fileCutWhileItIsMappedIsAnError() throws IOException {
    CachedParts.evict(file.path());
    loads.path = AccessPath.MAPPED;
    loads.threads = 1;
    loads.monitor.onBlock = () -> cut(file.path());
    assertThatExceptionOfType(TransferException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessageContaining("the file changed");
  }

  private static void cut(Path path) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.truncate(MIB / 2);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void fileWrittenToWhileItIsReadIsAnError() {
    loads.monitor.onBlock = () -> overwrite(file.path());
    assertThatExceptionOfType(TransferException.class)
        .isThrownBy(() -> loads.load(file.whole()))
        .withMessageContaining("the file was written to while it was read");
  }

  private static void overwrite(Path path) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      TimeUnit.MILLISECONDS.sleep(20); // clocks of files are coarse
      channel.write(ByteBuffer.wrap(new byte[10]), 8 * MIB);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void replacedFileIsReadAsItWas() throws IOException {
    loads.threads = 1;
    loads.monitor.onBlock = () -> replace(file.path());
    loads.check(file);
  }

  private static void replace(Path path) {
    try {
      Path other = Files.writeString(path.resolveSibling("other"), "something else");
      Files.move(other, path, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
