// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.ProcessGroup;
import java.time.Duration;
import java.util.List;

/** Ranks that are threads keep the rules of groups. */
class LocalGroupContractTests extends CollectiveContract {
  @Override
  public World newWorld(int size, Duration timeout) {
    List<ProcessGroup> all = ProcessGroup.local(size, timeout);
    return all::get;
  }
}
