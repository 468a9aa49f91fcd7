// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.testkit.DeviceRuntimeContract;
import io.fastsafetensors.testkit.TestkitEnvironment;
import java.util.Optional;

/** The contract as {@link WrongRuntimesTests} runs it: on a runtime that it chooses. */
final class WrongRuntimeCase extends DeviceRuntimeContract {
  private static volatile ForwardingRuntime tried = new ForwardingRuntime();

  static Verdict verdict(ForwardingRuntime runtime) {
    tried = runtime;
    return Verdict.of(WrongRuntimeCase.class);
  }

  @Override
  public DeviceRuntime runtime() {
    return tried;
  }

  @Override
  public Optional<Faults> faults() {
    return tried.faults();
  }

  @Override
  public boolean published() {
    return false;
  }

  @Override
  public TestkitEnvironment environment() {
    return Wrong.environment();
  }
}
