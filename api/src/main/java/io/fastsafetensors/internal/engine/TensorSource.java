// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import java.util.List;
import java.util.Optional;

/** Where a file buffer's tensors come from. */
sealed interface TensorSource permits ViewSource, GroupSource {
  /** Returns this rank's part of every request, in order; after an exception nothing is left. */
  List<Tensor> get(Asked asked) throws LoadException;

  /** Gives one rank its part of the only request. */
  Optional<Tensor> send(Asked asked, int receiver) throws LoadException;

  /** Frees what the source itself keeps. */
  void close();
}
