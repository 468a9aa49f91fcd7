// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.testkit.CollectiveContract;
import io.fastsafetensors.testkit.TestkitEnvironment;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;

/** Groups over MPJ Express keep the rules: each rank has a copy of it, in one JVM. */
class MpjGroupContractTests extends CollectiveContract {
  @BeforeAll
  static void needsMpj() {
    Configs.assumeMpj();
  }

  /** Joining takes longer than for threads, and has the same timeout as calls. */
  @Override
  public TestkitEnvironment environment() {
    return super.environment().withQuiet(Duration.ofMillis(500));
  }

  @Override
  public World newWorld(int size, Duration timeout) {
    int port = Configs.freePort();
    return rank ->
        ProcessGroup.join(
            Configs.config(rank, size, port, device(rank), timeout), new MpjCollective());
  }
}
