// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.testkit.CollectiveContract;
import io.fastsafetensors.testkit.TestkitEnvironment;
import io.fastsafetensors.toolkit.group.Transports;
import java.time.Duration;
import java.util.List;

/** The contract as {@link WrongGroupsTests} runs it: on groups that it chooses. */
final class WrongGroupCase extends CollectiveContract {
  /** Makes a wrong group of a right one. */
  @FunctionalInterface
  interface Maker {
    Transport make(Transport right) throws Exception;
  }

  private static volatile Maker tried = ForwardingGroup::new;

  static Verdict verdict(Maker maker) {
    tried = maker;
    return Verdict.of(WrongGroupCase.class);
  }

  @Override
  public World newWorld(int size, Duration timeout) {
    List<Transport> groups = Transports.local(size, timeout);
    return rank -> tried.make(groups.get(rank));
  }

  @Override
  public DeviceRuntime runtime() throws LoadException {
    return new SparseRuntime(super.runtime());
  }

  @Override
  public List<Integer> sizes() {
    return List.of(1, 3); // the smallest that show each flaw: waits add up
  }

  @Override
  public TestkitEnvironment environment() {
    return Wrong.environment();
  }
}
