// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.ProcessGroup;
import java.time.Duration;
import java.util.List;

/** Groups of threads keep the rules, with data in host memory. */
class LocalGroupContractTests extends CollectiveContract {
  @Override
  public World newWorld(int size, Duration timeout) {
    List<ProcessGroup> groups = ProcessGroup.local(size, timeout);
    return groups::get;
  }
}
