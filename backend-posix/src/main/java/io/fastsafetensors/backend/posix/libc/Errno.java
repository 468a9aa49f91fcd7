// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import java.util.Map;

/** Error numbers of Linux, the same on x86-64 and aarch64. */
public final class Errno {
  /** Not allowed. */
  public static final int EPERM = 1;

  /** No such file. */
  public static final int ENOENT = 2;

  /** Interrupted by a signal: to be called again. */
  public static final int EINTR = 4;

  /** The device failed. */
  public static final int EIO = 5;

  /** Nothing there yet: a call that may not wait would have to. */
  public static final int EAGAIN = 11;

  /** Not enough memory, or a limit on it. */
  public static final int ENOMEM = 12;

  /** Memory that this call can't reach; storage reaches less than processors do. */
  public static final int EFAULT = 14;

  /** An argument that this file or kernel doesn't take. */
  public static final int EINVAL = 22;

  /** Too many open files in this process. */
  public static final int EMFILE = 24;

  /** No such system call. */
  public static final int ENOSYS = 38;

  /** Not supported by this file or file system. */
  public static final int EOPNOTSUPP = 95;

  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(EPERM, "EPERM, not permitted"),
          Map.entry(ENOENT, "ENOENT, no such file"),
          Map.entry(EINTR, "EINTR, interrupted"),
          Map.entry(EIO, "EIO, input/output error"),
          Map.entry(9, "EBADF, bad descriptor"),
          Map.entry(EAGAIN, "EAGAIN, try again"),
          Map.entry(ENOMEM, "ENOMEM, out of memory or over ulimit -v"),
          Map.entry(13, "EACCES, permission denied"),
          Map.entry(14, "EFAULT, bad address"),
          Map.entry(19, "ENODEV, no such device"),
          Map.entry(20, "ENOTDIR, not a directory"),
          Map.entry(21, "EISDIR, is a directory"),
          Map.entry(EINVAL, "EINVAL, invalid argument"),
          Map.entry(23, "ENFILE, too many open files in the system"),
          Map.entry(EMFILE, "EMFILE, too many open files: raise ulimit -n"),
          Map.entry(29, "ESPIPE, illegal seek"),
          Map.entry(36, "ENAMETOOLONG, name too long"),
          Map.entry(ENOSYS, "ENOSYS, no such system call"),
          Map.entry(40, "ELOOP, too many links"),
          Map.entry(61, "ENODATA, no data"),
          Map.entry(EOPNOTSUPP, "EOPNOTSUPP, not supported"),
          Map.entry(110, "ETIMEDOUT, timed out"),
          Map.entry(116, "ESTALE, stale file handle"),
          Map.entry(121, "EREMOTEIO, remote input/output error"),
          Map.entry(133, "EHWPOISON, memory page has a hardware error"));

  private Errno() {}

  /** Names an error, such as {@code EIO, input/output error}. */
  public static String name(int errno) {
    return NAMES.getOrDefault(errno, "errno " + errno);
  }
}
