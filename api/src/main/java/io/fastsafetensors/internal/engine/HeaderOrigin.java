// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.internal.file.RegularFile;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which file a header was read from, and by which backend: bytes have to come from the same one.
 *
 * @param version the file when its header was read; empty if its file system doesn't tell
 * @param backend the id of the backend that opened it; empty for none
 */
record HeaderOrigin(Optional<Version> version, String backend) {
  /**
   * What is another one after each change of a file.
   *
   * @param modified the time of the last write
   * @param key which file it is, where the file system has keys
   */
  record Version(FileTime modified, @Nullable Object key) {
    /**
     * Asks for the version of a file.
     *
     * @throws IOException if it is no regular file, which must not be opened: a pipe would wait
     */
    static Optional<Version> of(Path file) throws IOException {
      return RegularFile.attributes(file).map(Version::of);
    }

    /** Asks for the version of a file that was opened already. */
    static Optional<Version> now(Path file) {
      try {
        return of(file);
      } catch (IOException e) {
        return Optional.empty();
      }
    }

    private static Version of(BasicFileAttributes attributes) {
      return new Version(attributes.lastModifiedTime(), attributes.fileKey());
    }
  }

  /** Tells whether a backend's file is certainly the one that the header was read from. */
  boolean isOf(Optional<Version> now, String reader, Backends backends) throws LoadException {
    boolean unchanged = version.isEmpty() || now.isEmpty() || version.equals(now);
    return unchanged && (backend.equals(reader) || backend.equals(backends.first().id()));
  }

  /** Makes the error of a file that has another header by now. */
  LoadException changed(SafetensorsHeader header, HeaderOrigin now) {
    String why =
        backend.equals(now.backend)
            ? "the file was written to since its header was read"
            : "backend '%s' has another file than '%s', by which its header was read"
                .formatted(now.backend, backend);
    return new LoadException(
        header.path() + ": " + why + "; load by a new loader, or add the file again after reset()");
  }
}
