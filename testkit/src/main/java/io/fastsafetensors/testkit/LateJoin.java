// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.spi.Transport;
import java.io.Serial;
import java.util.Arrays;
import java.util.stream.Stream;

/** A rank could not join its group, perhaps because the group's timeout is too short for that. */
final class LateJoin extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  private LateJoin(CollectiveException cause) {
    super(cause.getMessage(), cause);
  }

  static Transport join(GroupRules.World world, int rank) throws Exception {
    try {
      return world.join(rank);
    } catch (CollectiveException e) {
      throw new LateJoin(e);
    }
  }

  /** Tells whether a failure, or one that came with it, is of this kind. */
  static boolean isCauseOf(Throwable failure) {
    return Stream.concat(Stream.of(failure), Arrays.stream(failure.getSuppressed()))
        .anyMatch(each -> each.getCause() instanceof LateJoin);
  }
}
