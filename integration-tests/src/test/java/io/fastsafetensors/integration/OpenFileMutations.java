// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static io.fastsafetensors.integration.Mutation.spi;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The sample on the bare SPI, whose files that are read on demand are wrong in one way each. */
final class OpenFileMutations {
  private OpenFileMutations() {}

  static List<Mutation> all() {
    return List.of(
        openFile("IO-126", "reads from the page before", "file.read(target, offset & -4096)", null),
        openFile(
            "IO-127",
            "reads what there is",
            "offset + target.byteSize() > size() ? io.fastsafetensors.TransferPath.BUFFERED"
                + " : file.read(target, offset)",
            null),
        openFile("IO-128", "has one version for ever", null, "java.util.Optional.of(1)"),
        openFile("IO-128", "is new each time", null, "java.util.Optional.of(new Object())"));
  }

  /** Opens files by the default, and has another read or version. */
  private static Mutation openFile(
      String rule, String what, @Nullable String read, @Nullable String version) {
    return spi(
        rule,
        what,
        "  @Override\n  public IoSession open(",
        """
          @Override
          public OpenFile openFile(java.nio.file.Path path, IoOptions options)
              throws java.io.IOException {
            OpenFile file = IoBackend.super.openFile(path, options);
            return new OpenFile() {
              @Override
              public long size() {
                return file.size();
              }

              @Override
              public java.util.Optional<Object> version() throws java.io.IOException {
                return %s;
              }

              @Override
              public io.fastsafetensors.TransferPath read(
                  java.lang.foreign.MemorySegment target, long offset)
                  throws java.io.IOException {
                return %s;
              }

              @Override
              public void close() {
                file.close();
              }
            };
          }

          @Override
          public IoSession open(\
        """
            .formatted(
                Objects.requireNonNullElse(version, "file.version()"),
                Objects.requireNonNullElse(read, "file.read(target, offset)")));
  }
}
