// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.Device;
import io.fastsafetensors.device.cuda.driver.Calls;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.StreamMark;
import java.util.ArrayDeque;
import java.util.Deque;
import jcuda.driver.CUevent;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/**
 * The marks of a stream in their order. A mark needs no closing: its event is free for another mark
 * once it, or any later mark of the stream, was found done. Thread-safe.
 */
final class Marks {
  private final Device device;
  private final Spares<CUevent> events;
  private final Deque<CudaMark> open = new ArrayDeque<>();

  Marks(Device device, Spares<CUevent> events) {
    this.device = device;
    this.events = events;
  }

  Device device() {
    return device;
  }

  /** Marks where a stream is now. */
  synchronized StreamMark record(CUstream stream) throws LoadException {
    if (!open.isEmpty()) {
      advance(); // so that marks which nobody awaits don't pile up
    }
    CUevent event = events.take();
    int code = Calls.code(() -> JCudaDriver.cuEventRecord(event, stream));
    if (code != CUresult.CUDA_SUCCESS) {
      events.giveBack(event);
      throw new LoadException(device + ": cuEventRecord: " + Calls.describe(code));
    }
    CudaMark mark = new CudaMark(this, event);
    open.add(mark);
    return mark;
  }

  /** Tells whether a mark is done; never waits. */
  boolean look(CudaMark mark) {
    return mark.isEnded() || lookOn(mark);
  }

  private synchronized boolean lookOn(CudaMark mark) {
    boolean moved = true;
    while (moved && !mark.isEnded()) {
      moved = advance();
    }
    return mark.isEnded();
  }

  /** Ends the oldest mark if it is done. */
  private boolean advance() {
    CudaMark oldest = open.element();
    int code = Calls.code(() -> JCudaDriver.cuEventQuery(oldest.event()));
    if (code == CUresult.CUDA_ERROR_NOT_READY) {
      return false;
    }
    if (code == CUresult.CUDA_ERROR_INVALID_CONTEXT) {
      throw Calls.notAttached(device, "question whether a mark is done");
    }
    open.remove();
    oldest.end(code);
    if (code == CUresult.CUDA_SUCCESS) {
      events.giveBack(oldest.event());
    } else {
      events.scrap(oldest.event());
    }
    return true;
  }

  /** Ends all marks of a stream that has come to its end. */
  synchronized void endAll() {
    boolean moved = true;
    while (moved && !open.isEmpty()) {
      moved = advance();
    }
  }
}
