// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.testkit.blame.Blame;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.DynamicTestInvocationContext;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/** Ends tests that hang, and leaves out those that come after enough failures. */
final class TestLimit implements ExecutionCondition, InvocationInterceptor {
  /** Where the session keeps when to stop. */
  static final Class<?> KEY = Stop.class;

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext test) {
    String reason = stop(test).reason();
    return reason.isEmpty()
        ? ConditionEvaluationResult.enabled("goes on")
        : ConditionEvaluationResult.disabled(reason);
  }

  @Override
  public void interceptTestMethod(
      Invocation<@Nullable Void> call,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext test)
      throws Throwable {
    limited(call, test);
  }

  @Override
  public <T extends @Nullable Object> T interceptTestFactoryMethod(
      Invocation<T> call, ReflectiveInvocationContext<Method> method, ExtensionContext test)
      throws Throwable {
    return limited(call, test);
  }

  @Override
  public void interceptDynamicTest(
      Invocation<@Nullable Void> call, DynamicTestInvocationContext context, ExtensionContext test)
      throws Throwable {
    String reason = stop(test).reason();
    if (!reason.isEmpty()) {
      call.skip();
      throw new TestAbortedException(reason);
    }
    limited(call, test);
  }

  private static Stop stop(ExtensionContext test) {
    return Objects.requireNonNull(
        test.getStore(StoreScope.LAUNCHER_SESSION, Namespace.create(KEY)).get(KEY, Stop.class),
        "no limits in this session");
  }

  private static <T extends @Nullable Object> T limited(Invocation<T> call, ExtensionContext test)
      throws Throwable {
    String name = RuleOrder.test(test.getUniqueId()).orElse(test.getDisplayName());
    FutureTask<T> task =
        new FutureTask<>(() -> {
          try {
            return call.proceed();
          } catch (Exception | Error e) {
            throw e;
          } catch (Throwable e) {
            throw new ExecutionException(e);
          }
        });
    Thread thread = Thread.ofPlatform().daemon().name(Stop.THREADS + name).start(task);
    Duration limit = stop(test).limits().test();
    try {
      return task.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw Objects.requireNonNullElse(e.getCause(), e);
    } catch (TimeoutException e) {
      String where = Blame.at(thread.getStackTrace());
      thread.interrupt();
      throw new AssertionFailedError(
          "[%s] %s did not end within %s s; it is at %s"
              .formatted(RuleOrder.rule(name).orElse("?"), name, limit.toSeconds(), where));
    }
  }
}
