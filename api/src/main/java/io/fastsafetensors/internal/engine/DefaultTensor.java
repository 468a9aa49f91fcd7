// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** A tensor that the user holds: a view of a piece of memory, or a holder of it. */
public final class DefaultTensor implements Tensor {
  private final Piece piece;
  private final boolean view;
  private final Leaks.Trace trace;
  private volatile boolean closed;

  private DefaultTensor(Piece piece, boolean view) {
    this.piece = piece;
    this.view = view;
    this.trace = view ? Leaks.unwatched() : Leaks.watch(this, () -> describe(piece));
  }

  private static String describe(Piece piece) {
    long bytes = piece.region().bytes();
    return "a copy of tensor " + piece.spec() + " with " + bytes + " bytes";
  }

  /** Makes a tensor that borrows its memory. */
  static Tensor view(Piece piece) {
    return new DefaultTensor(piece, true);
  }

  /** Makes a tensor that becomes a holder of its memory. */
  static Tensor copy(Piece piece) {
    piece.memory().retain();
    return new DefaultTensor(piece, false);
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
      return Downloads.host(piece.region()).map(host -> view ? host.asReadOnly() : host);
    }
  }

  @Override
  public void toHost(MemorySegment target) throws LoadException {
    if (target.byteSize() < byteSize()) {
      throw new IllegalArgumentException(
          "tensor %s has %s bytes, the target %s"
              .formatted(piece.spec(), byteSize(), target.byteSize()));
    }
    try (Memory.Use _ = use()) {
      LostPages.named(
          List.of(piece.memory()),
          () -> {
            Downloads.toHost(context(), piece.region(), target.asSlice(0, byteSize()));
            return true;
          });
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
      try (Bundle bundle = Bundle.copy(context(), List.of(piece), List.of(dtype))) {
        return bundle.tensors().getFirst();
      }
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
    if (closed || piece.memory().hasEnded()) {
      String reason = view ? "its FileBuffer is closed" : "it is closed";
      throw new IllegalStateException("tensor " + piece.spec() + " has ended: " + reason);
    }
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

  /** Returns name, type, shape and device. */
  @Override
  public String toString() {
    return piece.spec() + " on " + device();
  }
}
