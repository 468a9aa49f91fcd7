// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import io.fastsafetensors.Tensor;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A tensor on its way to another library: DLPack's struct, and a hold of the memory. Made by {@link
 * DLPack#export}.
 *
 * <p>Whoever makes it either gives its {@linkplain #take address} away, once, and then the library
 * calls the struct's deleter; or closes it. After one of both, {@link #close} does nothing. One
 * that is neither taken nor closed keeps the tensor's memory. Thread-safe.
 *
 * @since 0.1
 */
public final class Capsule implements AutoCloseable {
  private final CLibrary library;
  private final StructForm form;
  private final long flags;
  private final MemorySegment struct;
  private @Nullable Tensor holder;
  private State state = State.MADE;

  private enum State {
    MADE,
    TAKEN,
    GONE
  }

  /** Takes over a struct, whose deleter is to be set, and who holds the memory if it doesn't. */
  Capsule(
      CLibrary library,
      StructForm form,
      long flags,
      MemorySegment struct,
      @Nullable Tensor holder) {
    this.library = library;
    this.form = form;
    this.flags = flags;
    this.struct = struct;
    this.holder = holder;
    form.writeDeleter(struct, library.deleter());
  }

  /**
   * Returns the name that Python's capsules of this struct have.
   *
   * @return {@code dltensor_versioned} or {@code dltensor}
   */
  public String name() {
    return form.capsuleName();
  }

  /** {@return whether the memory is a copy, made for who takes it} */
  public boolean isCopied() {
    return (flags & StructForm.IS_COPIED) != 0;
  }

  /** {@return whether the memory must not be written} */
  public boolean isReadOnly() {
    return (flags & StructForm.READ_ONLY) != 0;
  }

  /**
   * Gives the struct away. From now on the memory is held until the struct's deleter is called,
   * once and on any thread; use of the address afterwards can't be caught. If nobody is there to
   * call it, the memory stays until the process ends.
   *
   * @return the address of a {@code DLManagedTensorVersioned}, or of a {@code DLManagedTensor}
   * @throws IllegalStateException if it was given away before, or is closed
   */
  public synchronized long take() {
    if (state != State.MADE) {
      throw new IllegalStateException(
          "this capsule " + (state == State.GONE ? "has ended" : "was taken before"));
    }
    state = State.TAKEN;
    TakenCapsules.add(struct.address(), this);
    return struct.address();
  }

  /** Gives the memory back, if the struct was not {@linkplain #take given away}. */
  @Override
  public synchronized void close() {
    if (state == State.MADE) {
      end();
    }
  }

  /** What the deleter does. */
  synchronized void delete() {
    end();
  }

  private void end() {
    state = State.GONE;
    Tensor held = holder;
    holder = null;
    library.free(struct.address());
    if (held != null) {
      TakenCapsules.close(held);
    }
  }

  /** Has the deleter free the struct only, which takes no JVM. */
  synchronized void leaveToProcess() {
    if (state == State.TAKEN) {
      form.writeDeleter(struct, library.freeFunction());
    }
  }

  @Override
  public synchronized String toString() {
    return "%s%s%s, %s"
        .formatted(
            name(),
            isCopied() ? ", copied" : "",
            isReadOnly() ? ", read-only" : "",
            switch (state) {
              case MADE -> "not taken";
              case TAKEN -> "taken";
              case GONE -> "ended";
            });
  }
}
