// SPDX-License-Identifier: Apache-2.0
/** Reads safetensors files into host memory with the JDK alone. */
module io.fastsafetensors.backend.cpu {
  requires io.fastsafetensors;
  requires static org.jspecify;
}
