// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.testkit.blame.Blame;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.function.Executable;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/** A numbered rule of {@code docs/spi-rules.md}; its failures name it. */
record Rule(String id) {
  /** Fails unless something holds. */
  void check(boolean holds, String otherwise) {
    if (!holds) {
      throw broken(otherwise);
    }
  }

  /** Fails unless two things are equal. */
  void same(Object wanted, Object found, String what) {
    check(Objects.equals(wanted, found), what + " is " + found + ", want " + wanted);
  }

  /** Fails unless a call throws what it should; returns that. */
  <T extends Throwable> T refuses(Class<T> type, String call, Executable body) {
    try {
      body.execute();
    } catch (TestAbortedException | AssertionFailedError e) {
      throw e;
    } catch (Throwable e) {
      if (type.isInstance(e)) {
        return type.cast(e);
      }
      throw broken(call + " threw " + Blame.of(e) + ", want " + type.getSimpleName(), e);
    }
    throw broken(call + " returned, want " + type.getSimpleName());
  }

  /** Makes a call that must succeed. */
  <T> T allows(String call, Callable<T> body) {
    try {
      return body.call();
    } catch (TestAbortedException | AssertionFailedError e) {
      throw e;
    } catch (Exception | LinkageError e) {
      throw broken(call + " threw " + Blame.of(e), e);
    }
  }

  /** Makes a call that must end in time, on a thread of its own; throws what it throws. */
  <T> T ends(Duration limit, String call, Callable<T> body) throws Exception {
    FutureTask<T> task = new FutureTask<>(body);
    Thread thread = Thread.ofPlatform().daemon().name("testkit: " + call).start(task);
    try {
      return task.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      AssertionFailedError broken =
          broken(
              "%s did not end within %s ms; it is at %s"
                  .formatted(call, limit.toMillis(), Blame.at(thread.getStackTrace())));
      broken.setStackTrace(thread.getStackTrace());
      throw broken;
    } catch (ExecutionException e) {
      switch (cause(e)) {
        case Exception cause -> throw cause;
        case Error cause -> throw cause;
        case Throwable cause -> throw broken(call + " threw " + Blame.of(cause), cause);
      }
    }
  }

  /** Returns what a task threw. */
  static Throwable cause(ExecutionException e) {
    return Objects.requireNonNullElse(e.getCause(), e);
  }

  AssertionFailedError broken(String what) {
    return new AssertionFailedError(text(what));
  }

  AssertionFailedError broken(String what, Throwable cause) {
    return new AssertionFailedError(text(what), cause);
  }

  private String text(String what) {
    return "[" + id + "] " + what + " (docs/spi-rules.md says what to look at)";
  }
}
