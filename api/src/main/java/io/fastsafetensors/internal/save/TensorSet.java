// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.save;

import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.internal.text.Utf8;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Tensors that are to be written, by name, in the order in which they were added; not thread-safe.
 *
 * @param <T> what is known of each
 */
public final class TensorSet<T> {
  private final Map<String, T> tensors = new LinkedHashMap<>();
  private long bytes;

  /**
   * Computes a tensor's size, and sees to it that the sum of all stays below 2^63.
   *
   * @param type type and shape, for messages
   * @param size computes it
   * @throws IllegalArgumentException if that overflows, or gives no whole number
   */
  public long size(String name, String type, LongSupplier size) {
    try {
      long own = size.getAsLong();
      Math.addExact(bytes, own);
      return own;
    } catch (ArithmeticException e) {
      throw refused(name, type + ": " + e.getMessage());
    }
  }

  /** As {@link #size}, and checks that memory has that size. */
  public long checkedSize(String name, String type, LongSupplier size, long given) {
    long wanted = size(name, type, size);
    if (given != wanted) {
      throw refused(name, "%s takes %s bytes, not %s".formatted(type, wanted, given));
    }
    return wanted;
  }

  /**
   * Adds a tensor.
   *
   * @throws IllegalArgumentException if no reader could give it back under its name
   */
  public void add(String name, long size, T tensor) {
    if (name.equals(HeaderJson.METADATA)) {
      throw refused(name, "the format keeps this name for metadata");
    }
    if (!Utf8.isWellFormed(name)) {
      throw refused(name, "half of a surrogate pair has no UTF-8 form");
    }
    if (tensors.putIfAbsent(name, tensor) != null) {
      throw refused(name, "the name was added before");
    }
    bytes += size;
  }

  /** Returns what is known of a tensor; empty if there is none of this name. */
  public Optional<T> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** Counts bytes of another part of a tensor that was added. */
  public void grow(long size) {
    bytes += size;
  }

  /** Returns all tensors, in order; unmodifiable. */
  public Collection<T> all() {
    return Collections.unmodifiableCollection(tensors.values());
  }

  /** Makes an exception that names a tensor. */
  public static IllegalArgumentException refused(String name, String reason) {
    return new IllegalArgumentException("tensor " + Printable.quote(name) + ": " + reason);
  }
}
