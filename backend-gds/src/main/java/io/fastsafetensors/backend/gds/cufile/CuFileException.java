// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.cufile;

import java.io.IOException;
import java.io.Serial;

/** A call that cuFile, or the kernel, refused; the message has the call and the code's name. */
public final class CuFileException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  private final boolean unsupported;

  private CuFileException(String message, boolean unsupported) {
    super(message);
    this.unsupported = unsupported;
  }

  /** Makes the exception of a status: of cuFile, and of the CUDA driver if that is behind it. */
  static CuFileException of(String call, int code, int cuda) {
    return new CuFileException(call + ": " + Status.name(code, cuda), Status.isUnsupported(code));
  }

  /** Makes the exception of a file that cuFile can't find the storage of. */
  static CuFileException ofUnknownStorage(String call, int code) {
    return new CuFileException(
        call
            + ": "
            + Status.name(code, 0)
            + ": cuFile reads in /run/udev what a file is stored on, and seems to have found nothing:"
            + " give a container --volume /run/udev:/run/udev:ro; cufile.log says more",
        true);
  }

  /** Makes the exception of an error of the operating system. */
  static CuFileException ofErrno(String call, int errno) {
    return new CuFileException(call + ": " + Status.errno(errno), Status.isUnsupportedErrno(errno));
  }

  /** Tells whether a feature is missing here, as opposed to data that can't be read. */
  public boolean isUnsupported() {
    return unsupported;
  }
}
