// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import java.util.Locale;
import java.util.Map;

/**
 * The type of a file system, as {@code statfs} tells it.
 *
 * @param name its name, such as {@code ext4}
 * @param kind where its files are
 */
public record FileSystemType(String name, Kind kind) {
  /** Where the files of a file system are. */
  public enum Kind {
    /** On a disk of this host. */
    LOCAL,
    /** On another host. */
    NETWORK,
    /** Behind a program of this host, which may get them from anywhere: FUSE, virtiofs. */
    PROGRAM,
    /** In memory, and nowhere else. */
    MEMORY,
    /** In other file systems, whose pages they share. */
    OVERLAY,
    /** Nobody knows. */
    UNKNOWN;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final Map<Long, FileSystemType> KNOWN =
      Map.ofEntries(
          local(0xef53, "ext4"),
          local(0x58465342, "xfs"),
          local(0x9123683eL, "btrfs"),
          local(0xf2f52010L, "f2fs"),
          local(0xca451a4eL, "bcachefs"),
          local(0x2fc12fc1, "zfs"),
          local(0xe0f5e1e2L, "erofs"),
          local(0x73717368, "squashfs"),
          local(0x9660, "iso9660"),
          local(0x4d44, "vfat"),
          local(0x2011bab0, "exfat"),
          local(0x7366746e, "ntfs3"),
          local(0xf15f, "ecryptfs"),
          network(0x6969, "nfs"),
          network(0xff534d42L, "cifs"),
          network(0xfe534d42L, "smb2"),
          network(0x517b, "smb"),
          network(0x0bd00bd0, "lustre"),
          network(0x00c36400, "ceph"),
          network(0x47504653, "gpfs"),
          network(0x19830326, "beegfs"),
          network(0xaad7aaeaL, "panfs"),
          network(0x01021997, "9p"),
          network(0x5346414f, "afs"),
          network(0x6b414653, "afs"),
          network(0x01161970, "gfs2"),
          network(0x7461636f, "ocfs2"),
          network(0x786f4256, "vboxsf"),
          entry(0x65735546, "fuse", Kind.PROGRAM),
          entry(0x01021994, "tmpfs", Kind.MEMORY),
          entry(0x858458f6L, "ramfs", Kind.MEMORY),
          entry(0x958458f6L, "hugetlbfs", Kind.MEMORY),
          entry(0x794c7630, "overlayfs", Kind.OVERLAY),
          entry(0x61756673, "aufs", Kind.OVERLAY));

  private static Map.Entry<Long, FileSystemType> local(long number, String name) {
    return entry(number, name, Kind.LOCAL);
  }

  private static Map.Entry<Long, FileSystemType> network(long number, String name) {
    return entry(number, name, Kind.NETWORK);
  }

  private static Map.Entry<Long, FileSystemType> entry(long number, String name, Kind kind) {
    return Map.entry(number, new FileSystemType(name, kind));
  }

  /** Asks for the type of the file system of an open file. */
  public static FileSystemType of(Libc libc, int descriptor) {
    long number = libc.fileSystem(descriptor);
    if (number < 0) {
      return new FileSystemType("statfs: " + Errno.name((int) -number), Kind.UNKNOWN);
    }
    return KNOWN.getOrDefault(
        number, new FileSystemType("0x" + Long.toHexString(number), Kind.UNKNOWN));
  }

  @Override
  public String toString() {
    return name + " (" + kind + ")";
  }
}
