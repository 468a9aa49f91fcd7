// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli.launch;

/** Takes what ranks print; called by several threads. */
@FunctionalInterface
public interface RankOutput {
  /** Takes a line without its end. */
  void line(int rank, String line);
}
