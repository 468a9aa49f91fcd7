// SPDX-License-Identifier: Apache-2.0
package org.example.outside;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.format.TensorInfo;
import java.nio.file.Path;

/** Prints which backends there are, and the values of a file's first tensors. */
public final class Outside {
  private static final int TENSORS = 3;

  private Outside() {}

  /** Loads the file that is the only argument. */
  public static void main(String[] args) throws Exception {
    try (Loader loader = Loader.open(Path.of(args[0]));
        FileBuffer buffer = loader.load()) {
      for (TensorInfo info : loader.tensors().stream().limit(TENSORS).toList()) {
        System.out.println(buffer.tensor(info.name()));
      }
      System.out.println(loader.explain());
    }
  }
}
