// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.saves;

import java.io.IOException;
import java.nio.file.Path;

/** Saves one generation; prints what came of it. */
final class SavingOnce {
  private SavingOnce() {}

  public static void main(String[] args) {
    Path folder = Path.of(args[0]);
    try {
      new Generation(Integer.parseInt(args[1]), Integer.parseInt(args[2])).save(folder);
      System.out.println("saved");
    } catch (IOException e) {
      System.out.println(e.getMessage());
    }
  }
}
