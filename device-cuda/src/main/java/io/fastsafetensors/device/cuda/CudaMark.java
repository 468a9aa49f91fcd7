// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.device.cuda.driver.Calls;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.toolkit.text.Amounts;
import java.util.concurrent.locks.LockSupport;
import jcuda.driver.CUevent;
import jcuda.driver.CUresult;

/** An event in a stream. What changes is guarded by the lock of the {@link Marks}. */
final class CudaMark implements StreamMark {
  /** So long a wait sleeps between two looks: a block of 4 MiB takes several times that. */
  private static final long FIRST_NANOS = 20_000;

  private static final long LATER_NANOS = 200_000;
  private static final int FIRST_LOOKS = 200;

  private final Marks marks;
  private final CUevent event;
  private volatile int result = CUresult.CUDA_ERROR_NOT_READY;

  CudaMark(Marks marks, CUevent event) {
    this.marks = marks;
    this.event = event;
  }

  CUevent event() {
    return event;
  }

  boolean isEnded() {
    return result != CUresult.CUDA_ERROR_NOT_READY;
  }

  void end(int code) {
    result = code;
  }

  @Override
  public boolean isDone() {
    return marks.look(this);
  }

  /** Looks again and again: the driver's own wait knows no deadline. */
  @Override
  public void await(Deadline deadline) throws LoadException {
    for (int looks = 0; !marks.look(this); looks++) {
      if (deadline.hasPassed()) {
        throw new LoadCancelledException(
            marks.device()
                + ": the stream is not done within "
                + Amounts.duration(deadline.allowed()),
            true);
      }
      LockSupport.parkNanos(looks < FIRST_LOOKS ? FIRST_NANOS : LATER_NANOS);
      if (Thread.currentThread().isInterrupted()) {
        throw new LoadCancelledException(
            marks.device() + ": interrupted while waiting for a stream", false);
      }
    }
    if (result != CUresult.CUDA_SUCCESS) {
      throw new LoadException(
          marks.device() + ": an operation of a stream failed: " + Calls.describe(result));
    }
  }
}
