// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.testkit.ForwardingContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Host memory of which large buffers take no room: they are mapped files with holes. */
final class SparseRuntime extends ForwardingRuntime {
  private static final long LARGE = 1L << 30;

  SparseRuntime(DeviceRuntime host) {
    super(host);
  }

  @Override
  ForwardingContext context(DeviceContext right) {
    return new ForwardingContext(right) {
      @Override
      public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
        return bytes < LARGE ? super.allocate(bytes, alignment) : map(bytes);
      }
    };
  }

  @SuppressWarnings("MustBeClosedChecker") // the buffer closes the arena
  private static DeviceBuffer map(long bytes) {
    try {
      Path file = Files.createTempFile("sparse", null);
      try (FileChannel channel =
          FileChannel.open(
              file,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE)) {
        Arena arena = Arena.ofShared();
        return DeviceBuffer.ofHost(channel.map(MapMode.READ_WRITE, 0, bytes, arena), arena::close);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
