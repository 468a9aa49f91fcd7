// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;

/** What the platform tells of where files are. */
public final class FileStores {
  /** Types of file systems that are on a disk of this host, or in its memory. */
  private static final Set<String> LOCAL =
      Set.of(
          "ext2",
          "ext3",
          "ext4",
          "xfs",
          "btrfs",
          "f2fs",
          "zfs",
          "bcachefs",
          "erofs",
          "squashfs",
          "iso9660",
          "vfat",
          "exfat",
          "ntfs3",
          "tmpfs",
          "ramfs",
          "hugetlbfs",
          "overlay",
          "apfs",
          "hfs",
          "ntfs",
          "fat32",
          "refs");

  private FileStores() {}

  /** Tells whether a file may be behind another host or a program, which may never answer. */
  public static boolean mayHang(Path file) {
    if (!file.getFileSystem().equals(FileSystems.getDefault())) {
      return true;
    }
    try {
      return !LOCAL.contains(Files.getFileStore(file).type().toLowerCase(Locale.ROOT));
    } catch (IOException | RuntimeException e) {
      return true;
    }
  }
}
