// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;

/**
 * Certifies process groups: extend it, override {@link #newWorld}, which for most collectives
 * returns a {@link LoopbackWorld}, and {@link #device(int)} unless that is {@code cpu}, and run it
 * with JUnit 5. Ranks are threads of the test; a collective that wants a process a rank needs a
 * class loader a rank, or its own processes. A test that takes five minutes is ended.
 *
 * <p>Certify it on {@code sim:0} as well, where only a collective that minds the streams passes.
 * The provider itself is certified by a {@link CollectiveProviderContract}.
 *
 * @since 0.1
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class CollectiveContract implements GroupDataRules, GroupFailureRules {
  /** Made by JUnit. */
  protected CollectiveContract() {}
}
