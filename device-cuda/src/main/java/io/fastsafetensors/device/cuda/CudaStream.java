// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.device.cuda.driver.Addresses;
import io.fastsafetensors.device.cuda.driver.Calls;
import io.fastsafetensors.device.cuda.kernel.ConversionKernels;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.StreamMark;
import io.fastsafetensors.toolkit.device.StreamArguments;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** A stream that waits for no other, not for the default one either. */
final class CudaStream implements DeviceStream {
  private static final Logger LOG = System.getLogger(CudaStream.class.getName());

  /** How long a stream that is closed may take for what it has. */
  private static final Duration GRACE = Duration.ofMinutes(1);

  private static final long LOOK_NANOS = 20_000;

  private final CudaContext context;
  private final Spares<Addresses.Stream> spares;
  private final Marks marks;
  private final Copies copies;
  private final ConversionKernels kernels;
  private final Addresses.Stream stream;
  private boolean closed;

  CudaStream(
      CudaContext context,
      Spares<Addresses.Stream> spares,
      Marks marks,
      Copies copies,
      ConversionKernels kernels)
      throws LoadException {
    this.context = context;
    this.spares = spares;
    this.marks = marks;
    this.copies = copies;
    this.kernels = kernels;
    this.stream = spares.take();
  }

  @Override
  public DeviceContext context() {
    return context;
  }

  @Override
  public void copy(Region source, Region target) throws LoadException {
    StreamArguments.checkRows(source, target);
    copies.queue(copies.from(source), Rows.of(source, requireOwn(target)), open());
  }

  @Override
  public void copyFromHost(MemorySegment source, Region target) throws LoadException {
    StreamArguments.checkHost(source, target);
    copies.queue(CopyWay.UPLOAD, Rows.of(requireNative(source), requireOwn(target)), open());
  }

  @Override
  public void copyToHost(Region source, MemorySegment target) throws LoadException {
    StreamArguments.checkHost(target, source);
    copies.queue(CopyWay.DOWNLOAD, Rows.of(requireOwn(source), requireNative(target)), open());
  }

  @Override
  public void convert(Region source, DType from, Region target, DType to) throws LoadException {
    long elements =
        StreamArguments.checkConversion(context, requireOwn(source), from, requireOwn(target), to);
    if (from == to) {
      copies.queue(CopyWay.INSIDE, Rows.of(source, target), open());
    } else if (elements > 0) {
      kernels.queue(source.address(), from, target.address(), to, elements, open());
    }
  }

  private Region requireOwn(Region region) {
    if (!region.buffer().device().equals(context.device())) {
      throw new IllegalArgumentException("not memory of " + context.device() + ": " + region);
    }
    return region;
  }

  private static MemorySegment requireNative(MemorySegment host) {
    if (!host.isNative()) {
      throw new IllegalArgumentException("a device can't copy from or to the heap: " + host);
    }
    return host;
  }

  private Addresses.Stream open() {
    if (closed) {
      throw new IllegalStateException("this stream of " + context.device() + " is closed");
    }
    return stream;
  }

  @Override
  public StreamMark record() throws LoadException {
    return marks.record(open());
  }

  @Override
  public long handle() {
    return open().handle();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    int code = awaitEnd(Deadline.after(GRACE));
    closed = true;
    if (code == CUresult.CUDA_ERROR_NOT_READY) {
      LOG.log(Level.ERROR, "{0} hangs: a stream is lost", context.device());
      return;
    }
    marks.endAll();
    if (code == CUresult.CUDA_SUCCESS) {
      spares.giveBack(stream);
    } else {
      spares.scrap(stream);
    }
  }

  private int awaitEnd(Deadline deadline) {
    int code = query();
    while (code == CUresult.CUDA_ERROR_NOT_READY && !deadline.hasPassed()) {
      LockSupport.parkNanos(LOOK_NANOS);
      code = query();
    }
    return code;
  }

  private int query() {
    int code = Calls.code(() -> JCudaDriver.cuStreamQuery(stream));
    if (code == CUresult.CUDA_ERROR_INVALID_CONTEXT) {
      throw Calls.notAttached(context.device(), "close of a stream");
    }
    return code;
  }
}
