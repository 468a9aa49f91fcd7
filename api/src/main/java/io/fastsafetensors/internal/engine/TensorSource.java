// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.Tensor;
import java.util.List;
import java.util.Optional;

/** Where a file buffer's tensors come from. */
interface TensorSource {
  /** Returns this rank's part of every request, in order; after an exception nothing is left. */
  List<Tensor> get(List<Request> requests) throws LoadException;

  /** Gives a whole tensor to one rank. */
  Optional<Tensor> push(Request request, int rank) throws LoadException;

  /** Frees what the source itself keeps. */
  void close();
}
