// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.group.Transports;
import java.time.Duration;
import java.util.List;

/** Ranks that are threads keep the rules of groups. */
class LocalGroupContractTests extends CollectiveContract {
  @Override
  public World newWorld(int size, Duration timeout) {
    List<Transport> all = Transports.local(size, timeout);
    return all::get;
  }

  /** Threads of one process need no more: most of these tests wait for a timeout. */
  @Override
  public TestkitEnvironment environment() {
    return super.environment().withQuiet(Duration.ofMillis(50));
  }
}
