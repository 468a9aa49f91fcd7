// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.testkit.CollectiveContract;
import io.fastsafetensors.testkit.TestkitEnvironment;
import java.time.Duration;
import java.util.List;

/** The contract as {@link WrongGroupsTests} runs it: on groups that it chooses. */
final class WrongGroupCase extends CollectiveContract {
  /** Makes a wrong group of a right one. */
  @FunctionalInterface
  interface Maker {
    ProcessGroup make(ProcessGroup right) throws Exception;
  }

  private static volatile Maker tried = ForwardingGroup::new;

  static Verdict verdict(Maker maker) {
    tried = maker;
    return Verdict.of(WrongGroupCase.class);
  }

  @Override
  public World newWorld(int size, Duration timeout) {
    List<ProcessGroup> groups = ProcessGroup.local(size, timeout);
    return rank -> tried.make(groups.get(rank));
  }

  @Override
  public List<Integer> sizes() {
    return List.of(1, 2, 3);
  }

  @Override
  public TestkitEnvironment environment() {
    return Wrong.ENVIRONMENT;
  }
}
