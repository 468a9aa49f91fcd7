// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who may do what with a file, for the one that replaces it.
 *
 * @param kept mode, owner and group; empty if there was no file, or its file system has none of
 *     them, so that the platform's defaults count
 */
public record FileRights(Optional<PosixFileAttributes> kept) {
  private static final FileAttribute<?> PRIVATE =
      PosixFilePermissions.asFileAttribute(
          EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));

  /** The platform's defaults. */
  public static final FileRights NEW = new FileRights(Optional.empty());

  /** Looks at a file, or at what a link leads to. */
  public static FileRights of(Path file) throws IOException {
    PosixFileAttributeView view = view(file);
    return new FileRights(
        view == null || !Files.exists(file)
            ? Optional.empty()
            : Optional.of(view.readAttributes()));
  }

  /** What to make the new file with: nobody else may see in it what only the owner could see. */
  FileAttribute<?>[] toBeginWith() {
    return kept.isPresent() ? new FileAttribute<?>[] {PRIVATE} : new FileAttribute<?>[0];
  }

  /** Gives the new file the mode, and owner and group if this process may. */
  void applyTo(Path file) throws IOException {
    PosixFileAttributeView view = view(file);
    if (kept.isEmpty() || view == null) {
      return;
    }
    PosixFileAttributes wanted = kept.get();
    PosixFileAttributes now = view.readAttributes();
    try {
      if (!now.group().equals(wanted.group())) {
        view.setGroup(wanted.group());
      }
      if (!now.owner().equals(wanted.owner())) {
        view.setOwner(wanted.owner());
      }
    } catch (IOException e) {
      System.getLogger(FileRights.class.getName())
          .log(Level.DEBUG, "can't keep the owner of a replaced file: " + IoReason.of(e), e);
    }
    view.setPermissions(wanted.permissions());
  }

  private static @Nullable PosixFileAttributeView view(Path file) {
    return Files.getFileAttributeView(file, PosixFileAttributeView.class);
  }
}
