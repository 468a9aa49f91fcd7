// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Groups of several programs, which take turns.
 *
 * @param all the groups
 */
record RankGroups(List<RankGroup> all) implements AutoCloseable {
  /**
   * Starts them.
   *
   * @param size how many ranks each has
   * @param main a class of this library whose ranks take part
   * @param options the arguments of that class
   * @param others what the names of system properties begin with that each hold another program's
   *     command, one word a line
   */
  static RankGroups start(int size, Class<?> main, List<String> options, String others)
      throws IOException {
    List<RankGroup> groups = new ArrayList<>();
    groups.add(new RankGroup(RankJvm.java(main, options), size));
    for (String property : System.getProperties().stringPropertyNames()) {
      if (property.startsWith(others)) {
        groups.add(new RankGroup(System.getProperty(property).lines().toList(), size));
      }
    }
    return new RankGroups(groups);
  }

  @Override
  public void close() throws IOException {
    for (RankGroup group : all) {
      group.close();
    }
  }
}
