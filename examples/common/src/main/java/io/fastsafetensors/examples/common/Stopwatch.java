// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.common;

import java.util.concurrent.Callable;

/** How long the thread was in some calls. */
public final class Stopwatch {
  private long nanos;

  /** Makes a call, whose time is added. */
  public <T> T time(Callable<T> call) throws Exception {
    long start = System.nanoTime();
    try {
      return call.call();
    } finally {
      nanos += System.nanoTime() - start;
    }
  }

  /** Returns the sum. */
  public long nanos() {
    return nanos;
  }
}
