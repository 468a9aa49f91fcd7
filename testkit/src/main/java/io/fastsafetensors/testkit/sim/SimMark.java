// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.sim;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.StreamMark;

/** A point in a stream: after its first {@code count} operations. */
record SimMark(SimContext context, LateQueue queue, long count) implements StreamMark {
  @Override
  public boolean isDone() {
    context.requireAnyAttached("question whether a mark is done");
    return queue.isDone(count);
  }

  @Override
  public void await(Deadline deadline) throws LoadException {
    context.requireAnyAttached("wait for a mark");
    queue.await(count, deadline);
  }
}
