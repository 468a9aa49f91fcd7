// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.parts;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.ProcessGroup;
import java.io.IOException;
import java.nio.file.Path;

/** Loads random parts in a process of its own. */
public final class PartProgram {
  /** Makes the checkpoint. */
  public static final long SEED = 21;

  private static final int WISHES = 6;
  private static final int RANKS = 3;

  private PartProgram() {}

  /** Loads the folder's checkpoint to devices of a type, by threads that are ranks. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    for (int ranks = 1; ranks <= RANKS; ranks++) {
      ThreadRanks.runWell(
          ranks, group -> check(folder, group, new Device(arguments[1], group.rank() % 2)));
    }
    assertThat(Leftovers.of(folder)).isEmpty();
    System.out.println("parts are right");
  }

  /** Loads the folder's checkpoint to host memory as one rank of a group. */
  public static void check(Path folder, ProcessGroup group) throws IOException {
    check(folder, group, Device.CPU);
  }

  private static void check(Path folder, ProcessGroup group, Device device) throws IOException {
    PartCheckpoint checkpoint = PartCheckpoint.of(folder, SEED);
    for (Distribution distribution : Distribution.values()) {
      LoadOptions options = LoadOptions.builder().distribution(distribution).build();
      for (long seed = 0; seed < WISHES; seed++) {
        new PartLoads(checkpoint, device, options).check(group, seed);
      }
    }
  }
}
