// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl.library;

import io.fastsafetensors.format.LoadException;

/** What a wait does between two looks. */
@FunctionalInterface
public interface Pause {
  /**
   * Lets a little time pass.
   *
   * @throws LoadException if the wait is to end
   */
  void take() throws LoadException;
}
