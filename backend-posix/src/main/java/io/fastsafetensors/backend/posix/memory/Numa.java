// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import io.fastsafetensors.backend.posix.libc.Libc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.OptionalInt;

/** The nodes of the machine's memory; of interest only where there is more than one. */
public final class Numa {
  /** This machine's. */
  public static final Numa SYSTEM = new Numa(Path.of("/sys/devices/system/node"));

  private final Path folder;
  private final boolean several;

  /** Looks how many nodes there are, once. The kernel lists them in the folder. */
  Numa(Path folder) {
    this.folder = folder;
    this.several = list("online").cardinality() > 1;
  }

  /** Returns the node of the calling thread; empty if there is only one, or if it is unknown. */
  public OptionalInt callersNode(Libc libc) {
    if (!several) {
      return OptionalInt.empty();
    }
    int node = libc.currentNode();
    return node < 0 ? OptionalInt.empty() : OptionalInt.of(node);
  }

  /**
   * Lets the calling thread run only where a node is near; does nothing where there is only one.
   */
  public void stayNear(Libc libc, OptionalInt node) {
    if (several && node.isPresent()) {
      BitSet processors = list("node" + node.getAsInt() + "/cpulist");
      if (!processors.isEmpty()) {
        // A hint: refused where the process may not use these processors.
        libc.runOn(processors);
      }
    }
  }

  private BitSet list(String file) {
    try {
      return parse(Files.readString(folder.resolve(file)).strip());
    } catch (IOException | NumberFormatException e) {
      return new BitSet();
    }
  }

  /** Reads a list such as {@code 0-3,8}. */
  static BitSet parse(String list) {
    BitSet set = new BitSet();
    for (String part : list.split(",", -1)) {
      if (!part.isEmpty()) {
        String[] ends = part.split("-", 2);
        set.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
      }
    }
    return set;
  }
}
