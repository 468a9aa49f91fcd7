// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl.library;

import io.fastsafetensors.format.LoadException;
import org.bytedeco.cuda.global.nccl;
import org.bytedeco.javacpp.BytePointer;

/** What NCCL's results mean. */
final class NcclResults {
  private NcclResults() {}

  /** Returns NCCL's words and number of a result. */
  static String describe(int code) {
    return text(nccl.ncclGetErrorString(code)) + " (" + code + ")";
  }

  /**
   * Checks a call of a communicator that doesn't block: going on is as good as done.
   *
   * @throws LoadException if it failed
   */
  static void check(String call, int code) throws LoadException {
    if (code != nccl.ncclSuccess && code != nccl.ncclInProgress) {
      // NCCL keeps one last error for all communicators.
      String last = text(nccl.ncclGetLastError(null));
      throw new LoadException(
          call + ": " + describe(code) + (last.isBlank() ? "" : ": " + last.strip()));
    }
  }

  private static String text(BytePointer text) {
    return text == null || text.isNull() ? "" : text.getString();
  }
}
