// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Tensor;
import io.fastsafetensors.internal.save.Content;
import io.fastsafetensors.internal.save.MemoryContent;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A tensor's bytes on their way to a file; it is held until this is closed. */
final class TensorContent implements Content.Placed, AutoCloseable {
  private final Piece piece;
  private final @Nullable MemoryContent host;
  private final boolean isMapped;

  private TensorContent(Piece piece, @Nullable MemoryContent host, boolean isMapped) {
    this.piece = piece;
    this.host = host;
    this.isMapped = isMapped;
  }

  /**
   * Holds a tensor.
   *
   * @throws IllegalStateException if it has ended
   */
  static TensorContent hold(Tensor tensor) {
    Optional<MemorySegment> host = tensor.host();
    boolean isMapped = !tensor.isWritable();
    Piece piece = DefaultTensor.piece(tensor);
    if (!piece.memory().tryRetain()) {
      throw new IllegalStateException("tensor " + piece.spec() + " has ended");
    }
    return new TensorContent(piece, host.map(MemoryContent::new).orElse(null), isMapped);
  }

  /** Returns the file that the tensor is mapped from; null if it isn't. */
  @Nullable Path mappedFile() {
    return isMapped ? piece.memory().file() : null;
  }

  @Override
  public void read(long offset, MemorySegment target) throws IOException {
    LostPages.Work<MemorySegment, IOException> copy =
        () -> {
          Downloads.toHost(
              piece.memory().context(), piece.region().slice(offset, target.byteSize()), target);
          return target;
        };
    LostPages.named(List.of(piece.memory()), copy);
  }

  /**
   * Of a mapped page that is lost the kernel says only that its address is bad: copied, it has a
   * name.
   */
  @Override
  public @Nullable MemorySegment memory() {
    return host == null || isMapped ? null : host.memory();
  }

  @Override
  public boolean isConfined() {
    return host != null && host.isConfined();
  }

  @Override
  public void close() {
    piece.memory().release();
  }
}
