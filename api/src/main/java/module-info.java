// SPDX-License-Identifier: Apache-2.0
/** Loads safetensors files into CPU or GPU memory. */
module io.fastsafetensors {
  requires com.fasterxml.jackson.core;
  requires static transitive org.jspecify;

  exports io.fastsafetensors;
}
