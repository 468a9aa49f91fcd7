// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import java.io.IOException;
import java.io.Serial;

/** A call that the kernel refused. */
public final class ErrnoException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  private final int errno;

  private ErrnoException(String call, int errno) {
    super(call + ": " + Errno.name(errno));
    this.errno = errno;
  }

  /** Makes the exception of an answer below 0. */
  public static ErrnoException of(String call, long answer) {
    return new ErrnoException(call, Math.toIntExact(-answer));
  }

  /** Returns an answer of {@link Libc}, unless it is an error. */
  public static long check(String call, long answer) throws ErrnoException {
    if (answer < 0) {
      throw of(call, answer);
    }
    return answer;
  }

  /** Returns the error's number. */
  public int errno() {
    return errno;
  }
}
