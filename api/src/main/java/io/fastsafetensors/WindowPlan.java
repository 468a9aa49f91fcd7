// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.TensorInfo;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a stream would go through its window; immutable. {@link Checkpoint#planStream} makes it from
 * headers.
 *
 * @since 0.1
 */
public final class WindowPlan {
  private final long window;
  private final boolean fits;
  private final long steps;
  private final long wholeWindow;
  private final @Nullable Largest largest;

  private WindowPlan(
      long window, boolean fits, long steps, long wholeWindow, @Nullable Largest largest) {
    this.window = window;
    this.fits = fits;
    this.steps = steps;
    this.wholeWindow = wholeWindow;
    this.largest = largest;
  }

  /**
   * Makes a plan.
   *
   * @param window the window, in bytes
   * @param fits whether the stream can go through it
   * @param steps how many times memory is given out
   * @param wholeWindow the least window through which all tensors go whole, in bytes
   * @param largest which tensor takes most of it; empty if no tensor is wanted
   * @return the plan
   */
  public static WindowPlan of(
      long window, boolean fits, long steps, long wholeWindow, Optional<Largest> largest) {
    return new WindowPlan(window, fits, steps, wholeWindow, largest.orElse(null));
  }

  /** {@return the window: of all ranks the smallest, in bytes} */
  public long window() {
    return window;
  }

  /** {@return whether the stream can go through the window, in pieces if it allows these} */
  public boolean fits() {
    return fits;
  }

  /** {@return how many steps it takes: tensors, or a piece, that share memory} */
  public long steps() {
    return steps;
  }

  /** {@return the least window through which all tensors go whole, in bytes} */
  public long wholeWindow() {
    return wholeWindow;
  }

  /** {@return which tensor takes most of the window if it comes whole; empty if there is none} */
  public Optional<Largest> largest() {
    return Optional.ofNullable(largest);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof WindowPlan that
        && window == that.window
        && fits == that.fits
        && steps == that.steps
        && wholeWindow == that.wholeWindow
        && Objects.equals(largest, that.largest);
  }

  @Override
  public int hashCode() {
    return Objects.hash(window, fits, steps, wholeWindow, largest);
  }

  /** Returns the numbers. */
  @Override
  public String toString() {
    return "WindowPlan of %s bytes: %s, %s steps, largest %s, %s bytes for whole tensors"
        .formatted(window, fits ? "fits" : "does not fit", steps, largest, wholeWindow);
  }

  /**
   * A tensor, or part of one, that needs room in a window; immutable.
   *
   * @since 0.1
   */
  public static final class Largest {
    private final TensorInfo info;
    private final long bytes;

    private Largest(TensorInfo info, long bytes) {
      this.info = info;
      this.bytes = bytes;
    }

    /**
     * Makes an entry.
     *
     * @param info what the file says of the tensor
     * @param bytes the most that a rank needs for what it wants of it, in bytes
     * @return the entry
     */
    public static Largest of(TensorInfo info, long bytes) {
      return new Largest(Objects.requireNonNull(info), bytes);
    }

    /** {@return what the file says of the tensor} */
    public TensorInfo info() {
      return info;
    }

    /**
     * {@return the most that a rank needs for what it wants of it, in bytes: to read it, to convert
     * it, and to align it}
     */
    public long bytes() {
      return bytes;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Largest that && info.equals(that.info) && bytes == that.bytes;
    }

    @Override
    public int hashCode() {
      return Objects.hash(info, bytes);
    }

    /** Returns the tensor and its room. */
    @Override
    public String toString() {
      return info + " in " + bytes + " bytes";
    }
  }
}
