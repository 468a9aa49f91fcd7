// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.StreamMark;

/** A right mark, to make wrong ones of by overriding. */
class ForwardingMark implements StreamMark {
  private final StreamMark mark;

  ForwardingMark(StreamMark mark) {
    this.mark = mark;
  }

  @Override
  public boolean isDone() {
    return mark.isDone();
  }

  @Override
  public void await(Deadline deadline) throws LoadException {
    mark.await(deadline);
  }
}
