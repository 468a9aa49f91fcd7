// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import java.util.concurrent.CountDownLatch;

/** A leak. */
final class Forgotten {
  private static final CountDownLatch NEVER = new CountDownLatch(1);

  private Forgotten() {}

  /** Starts a thread that nobody ends. */
  static void thread() {
    Thread.ofPlatform().daemon().name("forgotten").start(Forgotten::waitForever);
  }

  private static void waitForever() {
    try {
      NEVER.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
