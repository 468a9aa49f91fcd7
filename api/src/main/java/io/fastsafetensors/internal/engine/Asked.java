// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What this rank asks for, or why it can't: known before the ranks agree, so that a refusal is the
 * answer to all of them.
 */
final class Asked {
  private final List<Request> requests;
  private final @Nullable Throwable refusal;

  private Asked(List<Request> requests, @Nullable Throwable refusal) {
    this.requests = requests;
    this.refusal = refusal;
  }

  /** Makes the requests at once, and keeps what that throws. */
  static Asked of(Supplier<List<Request>> requests) {
    try {
      return new Asked(requests.get(), null);
    } catch (RuntimeException | Error e) {
      return new Asked(List.of(), e);
    }
  }

  /** Checks each request; one that fails refuses all. */
  Asked checked(Consumer<Request> check) {
    try {
      requests.forEach(check);
      return this;
    } catch (RuntimeException | Error e) {
      return new Asked(List.of(), e);
    }
  }

  /** Waits for what is asked for, unless it is refused; a failure refuses all. */
  Asked awaited(HeldTensors held) {
    try {
      held.await(requests);
      return this;
    } catch (LoadException | RuntimeException | Error e) {
      return new Asked(List.of(), e);
    }
  }

  /** Returns the requests, or throws what refused them. */
  List<Request> requests() throws LoadException {
    if (refusal instanceof LoadException e) {
      throw e;
    }
    Cleanup.rethrow(refusal);
    return requests;
  }
}
