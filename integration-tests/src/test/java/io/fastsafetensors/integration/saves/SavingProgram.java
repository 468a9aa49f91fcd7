// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.saves;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;

/** Saves one generation after the other over the last, until it is killed. */
final class SavingProgram {
  private SavingProgram() {}

  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    Random random = new Random(Long.parseLong(args[1]));
    int number = Integer.parseInt(args[2]);
    while (true) {
      number = number % 127 + 1;
      new Generation(number, 1 + random.nextInt(3)).save(folder);
      System.out.println(number);
    }
  }
}
