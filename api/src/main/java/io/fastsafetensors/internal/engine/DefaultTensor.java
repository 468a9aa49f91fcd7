// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.toolkit.device.HostMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** A tensor that the user holds: a view of a piece of memory, or a holder of it. */
public final class DefaultTensor implements Tensor {
  private final Piece piece;
  private final boolean view;
  private final Leaks.Trace trace;
  private volatile boolean closed;

  private DefaultTensor(Piece piece, boolean view, String what) {
    this.piece = piece;
    this.view = view;
    this.trace = view ? Leaks.unwatched() : Leaks.watch(this, () -> describe(what, piece));
  }

  private static String describe(String what, Piece piece) {
    long bytes = piece.region().bytes();
    return what + " of tensor " + piece.spec() + " with " + bytes + " bytes";
  }

  /** Makes a tensor that borrows its memory. */
  static Tensor view(Piece piece) {
    return new DefaultTensor(piece, true, "a view");
  }

  /** Makes a tensor that becomes a holder of its memory. */
  static Tensor copy(Piece piece) {
    piece.memory().retain();
    return new DefaultTensor(piece, false, "a copy");
  }

  /** Returns where an open tensor's elements are. */
  static Piece piece(Tensor tensor) {
    DefaultTensor own = (DefaultTensor) tensor;
    own.checkOpen();
    return own.piece;
  }

  @Override
  public String name() {
    return piece.spec().name();
  }

  @Override
  public DType dtype() {
    return piece.spec().dtype();
  }

  @Override
  public Shape shape() {
    return piece.spec().shape();
  }

  @Override
  public Device device() {
    return context().device();
  }

  @Override
  public long byteSize() {
    return piece.region().bytes();
  }

  @Override
  public boolean isView() {
    return view;
  }

  @Override
  public long address() {
    try (Memory.Use _ = use()) {
      context().attached();
      return piece.region().address();
    }
  }

  @Override
  public Optional<MemorySegment> host() {
    try (Memory.Use _ = use()) {
      context().attached();
      return Downloads.host(piece.region());
    }
  }

  @Override
  public boolean isWritable() {
    AtomicBoolean readOnly = new AtomicBoolean();
    see(memory -> readOnly.set(memory.isReadOnly()));
    return !readOnly.get();
  }

  @Override
  public void toHost(MemorySegment target) throws LoadException {
    if (target.byteSize() < byteSize()) {
      throw new IllegalArgumentException(
          "tensor %s has %s bytes, the target %s"
              .formatted(piece.spec(), byteSize(), target.byteSize()));
    }
    read(() -> {
      Downloads.toHost(context(), piece.region(), target.asSlice(0, byteSize()));
      return target;
    });
  }

  @Override
  public ByteBuffer asByteBuffer() throws LoadException {
    return asByteBuffer(0, byteSize());
  }

  @Override
  public ByteBuffer asByteBuffer(long offset, long length) throws LoadException {
    return read(() -> Windows.of(piece, offset, length));
  }

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    LostPages.Work<WritableByteChannel, IOException> write =
        () -> {
          Windows.write(piece, channel);
          return channel;
        };
    // A holder, not a use: a channel may block for long, and close the tensor itself.
    checkOpen();
    if (!piece.memory().tryRetain()) {
      throw ended();
    }
    try {
      context().attached();
      LostPages.named(List.of(piece.memory()), write);
    } finally {
      piece.memory().release();
    }
  }

  @Override
  public float[] toFloatArray() throws LoadException {
    return read(() -> Values.all(piece).floats());
  }

  @Override
  public double[] toDoubleArray() throws LoadException {
    return read(() -> Values.all(piece).doubles());
  }

  @Override
  public int[] toIntArray() throws LoadException {
    return read(() -> Values.all(piece).ints());
  }

  @Override
  public long[] toLongArray() throws LoadException {
    return read(() -> Values.all(piece).longs());
  }

  @Override
  public boolean[] toBooleanArray() throws LoadException {
    return read(() -> Values.all(piece).booleans());
  }

  @Override
  public float getFloat(long... index) throws LoadException {
    return read(() -> Values.at(piece, index).floats()[0]);
  }

  @Override
  public double getDouble(long... index) throws LoadException {
    return read(() -> Values.at(piece, index).doubles()[0]);
  }

  @Override
  public int getInt(long... index) throws LoadException {
    return read(() -> Values.at(piece, index).ints()[0]);
  }

  @Override
  public long getLong(long... index) throws LoadException {
    return read(() -> Values.at(piece, index).longs()[0]);
  }

  @Override
  public boolean getBoolean(long... index) throws LoadException {
    return read(() -> Values.at(piece, index).booleans()[0]);
  }

  /** Reads the memory, which can't go away meanwhile. */
  private <T, E extends Exception> T read(LostPages.Work<T, E> work) throws LoadException, E {
    try (Memory.Use _ = use()) {
      context().attached();
      return LostPages.named(List.of(piece.memory()), work);
    }
  }

  @Override
  public Tensor copy() throws LoadException {
    return to(dtype());
  }

  @Override
  public Tensor to(DType dtype) throws LoadException {
    try (Memory.Use _ = use()) {
      Conversion.check(piece.spec(), dtype, context().attached());
      try (TensorBatch batch = TensorBatch.copy(context(), List.of(piece), List.of(dtype))) {
        return batch.tensors().getFirst();
      }
    }
  }

  @Override
  public Tensor retain() {
    checkOpen();
    AtomicBoolean gone = new AtomicBoolean();
    see(memory -> gone.set(!memory.scope().isAlive()));
    if (gone.get() || !piece.memory().tryRetain()) {
      throw ended();
    }
    return new DefaultTensor(piece, false, "a retained handle");
  }

  /** Looks at the memory if the host sees it, without giving it a scope of its own. */
  private void see(HostMemory.Viewer<RuntimeException> viewer) {
    try (Memory.Use _ = use()) {
      context().attached();
      Downloads.inUse(piece.region(), viewer);
    }
  }

  private SharedContext context() {
    return piece.memory().context();
  }

  /** Keeps the memory, and with it the device, while the calling thread works on it. */
  private Memory.Use use() {
    checkOpen();
    return piece.memory().use();
  }

  private void checkOpen() {
    if (hasEnded()) {
      throw ended();
    }
  }

  private boolean hasEnded() {
    return closed || piece.memory().hasEnded() || (view && piece.memory().haveViewsEnded());
  }

  private IllegalStateException ended() {
    return new IllegalStateException("tensor " + piece.spec() + " has ended: " + endReason());
  }

  private String endReason() {
    return view ? "its FileBuffer is closed" : "it is closed";
  }

  @Override
  public synchronized void close() {
    if (view || closed) {
      return;
    }
    closed = true;
    try {
      piece.memory().release();
    } catch (Throwable e) {
      closed = false;
      throw e;
    }
    trace.closed();
  }

  @Override
  public String toString() {
    if (hasEnded()) {
      return TensorText.without(piece, endReason());
    }
    try {
      return read(() -> TensorText.of(piece));
    } catch (LoadException | RuntimeException e) {
      return TensorText.without(piece, String.valueOf(e.getMessage()));
    }
  }
}
