// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.Shape;
import io.fastsafetensors.format.TensorInfo;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A tensor of a {@link TensorStream}, or a piece of one. It belongs to the caller, who closes it:
 * the stream reads on into its memory. It stays valid until then, also after the stream was closed
 * or failed.
 *
 * @since 0.1
 */
public final class StreamedTensor implements AutoCloseable {
  private final Path file;
  private final TensorInfo info;
  private final Tensor tensor;
  private final Shape shape;
  private final long offset;
  private final boolean isLast;

  private StreamedTensor(
      Path file, TensorInfo info, Tensor tensor, Shape shape, long offset, boolean isLast) {
    this.file = file;
    this.info = info;
    this.tensor = tensor;
    this.shape = shape;
    this.offset = offset;
    this.isLast = isLast;
  }

  /**
   * Makes one of a tensor that is there: for tests of what takes streamed tensors.
   *
   * @param file which file has it
   * @param info what the file says of the tensor
   * @param tensor the elements; closed with this
   * @param shape the shape of all that is wanted of the tensor
   * @param offset where they start in what is wanted of the tensor, in bytes in memory
   * @param isLast whether nothing of the tensor follows
   * @return the streamed tensor
   */
  public static StreamedTensor of(
      Path file, TensorInfo info, Tensor tensor, Shape shape, long offset, boolean isLast) {
    return new StreamedTensor(
        Objects.requireNonNull(file),
        Objects.requireNonNull(info),
        Objects.requireNonNull(tensor),
        Objects.requireNonNull(shape),
        offset,
        isLast);
  }

  /** {@return the file that has the tensor; in a group its path on this rank} */
  public Path file() {
    return file;
  }

  /** {@return the tensor's name in the file} */
  public String name() {
    return info.name();
  }

  /** {@return what the file says of the whole tensor} */
  public TensorInfo info() {
    return info;
  }

  /**
   * Returns the elements. A {@linkplain Tensor#retain retained} handle of them keeps their room in
   * the window.
   *
   * @return the tensor: type and shape are those in memory, of a piece those of the piece; it ends
   *     when this is closed
   */
  public Tensor tensor() {
    return tensor;
  }

  /**
   * {@return the shape of all that is wanted of the tensor: that of {@link #tensor} unless it comes
   * in pieces}
   */
  public Shape shape() {
    return shape;
  }

  /** {@return the size in memory of all that is wanted of the tensor, in bytes} */
  public long byteSize() {
    return tensor.dtype().byteSize(shape.elements());
  }

  /**
   * Returns where a piece belongs.
   *
   * @return where it starts in what is wanted of the tensor, row-major and contiguous, in bytes in
   *     memory; 0 unless it is a piece
   */
  public long offset() {
    return offset;
  }

  /** {@return whether nothing of the tensor follows: always, unless it comes in pieces} */
  public boolean isLast() {
    return isLast;
  }

  /** {@return whether this is all that is wanted of the tensor} */
  public boolean isWhole() {
    return offset == 0 && isLast;
  }

  /** Returns the tensor, and where a piece belongs. */
  @Override
  public String toString() {
    return isWhole() ? tensor.toString() : tensor + " at byte " + offset + " of " + info;
  }

  /** Gives the memory back to the stream. A second call does nothing. */
  @Override
  public void close() {
    tensor.close();
  }
}
