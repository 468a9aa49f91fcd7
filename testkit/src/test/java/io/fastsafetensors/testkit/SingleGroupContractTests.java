// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.toolkit.group.Transports;
import java.time.Duration;
import java.util.List;

/** The group of one keeps the rules that concern it. */
final class SingleGroupContractTests extends CollectiveContract {
  @Override
  public World newWorld(int size, Duration timeout) {
    return rank -> Transports.single();
  }

  @Override
  public List<Integer> sizes() {
    return List.of(1);
  }
}
