// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

/** A point in a stream that was passed before it was marked. */
enum DoneMark implements StreamMark {
  DONE;

  @Override
  public boolean isDone() {
    return true;
  }

  @Override
  public void await(Deadline deadline) {}
}
