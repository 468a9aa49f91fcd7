// SPDX-License-Identifier: Apache-2.0
/**
 * Tensors for the libraries that take DLPack (numpy, PyTorch, JAX, CuPy, ...), and theirs for
 * files.
 *
 * <p>Needs {@code --enable-native-access=io.fastsafetensors.dlpack}.
 */
module io.fastsafetensors.dlpack {
  requires transitive io.fastsafetensors;
  requires static org.jspecify;

  exports io.fastsafetensors.dlpack;
}
