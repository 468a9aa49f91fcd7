// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import java.util.List;
import java.util.Optional;

/** Where a file buffer's tensors come from. */
interface TensorSource {
  /**
   * Returns this rank's part of every request, in order; after an exception nothing is left.
   *
   * @param asked makes the requests, or refuses what the user asked for
   */
  List<Tensor> get(Agreement.Step<List<Request>> asked) throws LoadException;

  /**
   * Gives one rank its part of a tensor.
   *
   * @param asked makes the request, or refuses what the user asked for
   * @param receiver the rank
   */
  Optional<Tensor> send(Agreement.Step<Request> asked, int receiver) throws LoadException;

  /** Frees what the source itself keeps. */
  void close();
}
