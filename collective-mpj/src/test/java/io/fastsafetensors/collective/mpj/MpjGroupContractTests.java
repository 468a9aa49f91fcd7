// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.Availability.Unavailable;
import io.fastsafetensors.testkit.CollectiveContract;
import io.fastsafetensors.testkit.LoopbackWorld;
import io.fastsafetensors.testkit.TestkitEnvironment;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** Groups over MPJ Express keep the rules: each rank has a copy of it, in one JVM. */
@Tag("slow")
class MpjGroupContractTests extends CollectiveContract {
  /** Skips the tests where there is no MPJ Express, saying so. */
  @BeforeAll
  static void assumeMpj() {
    if (new MpjCollective().probe(Device.CPU) instanceof Unavailable unavailable) {
      assumeTrue(false, unavailable.reason().toString());
    }
  }

  /** Joining takes longer than for threads, and has the same timeout as calls. */
  @Override
  public TestkitEnvironment environment() {
    return super.environment().withQuiet(Duration.ofMillis(500));
  }

  @Override
  public World newWorld(int size, Duration timeout) throws IOException {
    return new LoopbackWorld(new MpjCollective(), size, timeout, this::device);
  }
}
