// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.ErrnoException;
import io.fastsafetensors.backend.posix.libc.Libc;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.IoMonitor;
import java.lang.foreign.MemorySegment;

/**
 * Reads a file to the last byte wanted.
 *
 * @param libc the system
 * @param file the file
 * @param monitor asked whether to go on when a call was interrupted
 */
record FileReader(Libc libc, PosixFile file, IoMonitor monitor) {
  /**
   * Fills memory from the file.
   *
   * @param path the way to go; past the page cache only as far as the file system plays along
   * @param target as many bytes as wanted; where the file ends before, as many as it has
   * @param offset where in the file
   * @return the way taken
   * @throws LoadException if a byte can't be read, or the load is over
   */
  TransferPath fill(TransferPath path, MemorySegment target, long offset) throws LoadException {
    TransferPath taken = path;
    long wanted = Math.min(target.byteSize(), file.size() - offset);
    if (path == TransferPath.BUFFERED) {
      file.cache().prefetch(offset, wanted);
    }
    for (long done = 0; done < wanted; ) {
      MemorySegment rest = done == 0 ? target : target.asSlice(done);
      int direct = path == TransferPath.DIRECT ? direct(rest, offset + done) : -1;
      long answer = libc.pread(direct < 0 ? file.descriptor() : direct, rest, offset + done);
      if (direct >= 0 && (answer == -Errno.EINVAL || answer == -Errno.EFAULT)) {
        file.direct().refuse("a read with O_DIRECT: " + Errno.name((int) -answer));
      } else {
        done += checked(answer, offset + done, wanted - done);
        taken = path == TransferPath.DIRECT && direct < 0 ? TransferPath.BUFFERED : taken;
      }
    }
    return taken;
  }

  /** Returns the descriptor past the page cache if there is one and the read keeps its rules. */
  private int direct(MemorySegment rest, long offset) {
    DirectFile direct = file.direct();
    return direct.fits(rest.address(), offset, rest.byteSize()) ? direct.descriptor() : -1;
  }

  private long checked(long answer, long offset, long wanted) throws LoadException {
    if (answer == -Errno.EINTR) {
      monitor.checkpoint();
      return 0;
    }
    if (answer == 0) {
      String detail = "the file ends at byte " + offset + ": it was cut while it was read";
      throw PosixFile.error(file.path(), offset, wanted, detail, null);
    }
    if (answer < 0) {
      ErrnoException cause = ErrnoException.of("pread", answer);
      throw PosixFile.failed(file.path(), offset, wanted, cause);
    }
    return answer;
  }
}
