// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import io.fastsafetensors.format.LoadException;
import java.time.Duration;

/**
 * A message on its way.
 *
 * @param library where it is from
 * @param request MPJ Express' request
 * @param buffer MPJ Express' buffer
 */
record MpjRequest(MpjLibrary library, Object request, Object buffer) {
  /** Waits a little: MPJ Express' own wait has no limit, and can't be interrupted. */
  @SuppressWarnings("WaitNotInLoop") // The caller's loop has the deadline.
  boolean isDone(Duration slice) throws LoadException, InterruptedException {
    synchronized (request) {
      if (!test()) {
        request.wait(slice.toMillis());
      }
      return test();
    }
  }

  private boolean test() throws LoadException {
    try {
      return library.test().invoke(request) != null;
    } catch (Throwable e) {
      throw new LoadException("MPJ Express can't tell whether a message came: " + e, e);
    }
  }

  /** Returns how many bytes came. */
  int size() throws LoadException {
    try {
      return (int) library.getSize().invoke(buffer);
    } catch (Throwable e) {
      throw new LoadException("MPJ Express can't tell how many bytes came: " + e, e);
    }
  }
}
