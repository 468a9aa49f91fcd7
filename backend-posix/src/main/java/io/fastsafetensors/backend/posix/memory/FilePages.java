// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.Libc;

/** Maps files so that huge pages of the page cache are mapped as such. */
public final class FilePages {
  private FilePages() {}

  /**
   * Maps a part of a file, at an address that is to huge pages as its place in the file is. Some
   * file systems see to that; on others, such as overlayfs, each small page of a huge one would be
   * mapped for itself, which takes a hundred times as long. Where it can't be had, the mapping is
   * where the kernel puts it.
   *
   * @param libc the system
   * @param bytes the size of the part
   * @param descriptor the open file
   * @param offset where the part begins in the file, at a page
   * @param writable whether it may be written, which makes its pages private
   * @return the address
   * @throws ErrnoException if the system refuses
   */
  public static long map(Libc libc, long bytes, int descriptor, long offset, boolean writable)
      throws ErrnoException {
    long address = ErrnoException.check("mmap", libc.mmap(bytes, descriptor, offset, writable));
    if (bytes < Pages.HUGE || lead(address, offset) == 0) {
      return address;
    }
    long aligned = mapAligned(libc, bytes, descriptor, offset, writable);
    if (aligned < 0) {
      return address;
    }
    libc.munmap(address, bytes);
    return aligned;
  }

  /** Returns how far the next address is that is to huge pages as the place in the file. */
  private static long lead(long address, long offset) {
    return (offset - address) & (Pages.HUGE - 1);
  }

  /** Maps into a part of memory that is larger by a huge page; answers as the system does. */
  private static long mapAligned(
      Libc libc, long bytes, int descriptor, long offset, boolean writable) {
    long room = libc.mmap(bytes + Pages.HUGE, -1, 0, true);
    if (room < 0) {
      return room;
    }
    long lead = lead(room, offset);
    long answer = libc.mmapOver(room + lead, bytes, descriptor, offset, writable);
    if (answer < 0) {
      libc.munmap(room, bytes + Pages.HUGE);
      return answer;
    }
    long pages = (bytes + libc.pageSize() - 1) & -libc.pageSize();
    unmap(libc, room, lead);
    unmap(libc, answer + pages, Pages.HUGE - lead);
    return answer;
  }

  private static void unmap(Libc libc, long address, long bytes) {
    if (bytes > 0) {
      libc.munmap(address, bytes);
    }
  }
}
