// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads for calls that may never return, such as those on a network file system that is gone.
 * They stay for some seconds: to wake one takes a tenth of the time that it takes to start one.
 */
final class LoadThreads {
  private static final Logger LOG = System.getLogger(LoadThreads.class.getName());
  private static final long IDLE_SECONDS = 10;

  private static final ThreadPoolExecutor THREADS =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform()
              .daemon()
              .inheritInheritableThreadLocals(false)
              .name("fastsafetensors-load-", 0)
              .factory());

  private LoadThreads() {}

  /**
   * Has a thread do something, with the caller's context class loader.
   *
   * @return false if the system allows no further thread
   */
  static boolean tryStart(Runnable work) {
    ClassLoader classes = Thread.currentThread().getContextClassLoader();
    try {
      THREADS.execute(() -> runWith(classes, work));
      return true;
    } catch (OutOfMemoryError e) {
      LOG.log(Level.WARNING, "no thread can be started: a file that hangs would hang the load", e);
      return false;
    }
  }

  private static void runWith(ClassLoader classes, Runnable work) {
    Thread thread = Thread.currentThread();
    thread.setContextClassLoader(classes);
    try {
      work.run();
    } finally {
      thread.setContextClassLoader(null); // an idle thread keeps nobody's classes
    }
  }
}
