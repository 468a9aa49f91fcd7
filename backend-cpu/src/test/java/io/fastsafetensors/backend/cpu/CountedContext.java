// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps what a context allocates, to see what was closed. */
final class CountedContext {
  private final DeviceContext context;
  private final List<DeviceBuffer> buffers = new CopyOnWriteArrayList<>();

  CountedContext(DeviceContext context) {
    this.context = context;
  }

  DeviceContext proxy() {
    return (DeviceContext)
        Proxy.newProxyInstance(
            CountedContext.class.getClassLoader(),
            new Class<?>[] {DeviceContext.class},
            (proxy, method, arguments) -> call(method, arguments));
  }

  private Object call(Method method, Object[] arguments) throws Throwable {
    try {
      Object result = method.invoke(context, arguments);
      if (result instanceof DeviceBuffer buffer) {
        buffers.add(buffer);
      }
      return result;
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  long openBuffers() {
    return buffers.stream().filter(CountedContext::isOpen).count();
  }

  /** A closed buffer has no address (rule D-104). */
  private static boolean isOpen(DeviceBuffer buffer) {
    try {
      buffer.address();
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }
}
