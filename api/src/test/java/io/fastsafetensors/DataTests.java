// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.spi.DeviceInfo;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.TransferStats;
import io.fastsafetensors.toolkit.io.RangeLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each component of data counts for equality, and is carried on; also those that come. */
class DataTests {
  private static final IoMonitor MONITOR = monitor();

  @SuppressWarnings("ReferenceEquality") // a monitor equals itself alone
  private static IoMonitor monitor() {
    return (IoMonitor)
        Proxy.newProxyInstance(
            IoMonitor.class.getClassLoader(),
            new Class<?>[] {IoMonitor.class},
            (proxy, method, arguments) ->
                method.getName().equals("equals")
                    ? proxy == arguments[0]
                    : method.getName().equals("hashCode") ? 1 : "a monitor");
  }

  static Stream<Supplier<Object>> builders() {
    return Stream.of(
        () -> FileReport.builder(Path.of("f"), "cpu"),
        () -> PluginReport.builder(PluginReport.Kind.BACKEND, "cpu"),
        () -> ConversionReport.builder(DType.F32, DType.F16),
        () -> LoadReport.builder(Device.CPU),
        () -> GroupConfig.builder(1, 3).port(1),
        () -> IoOptions.builder(MONITOR),
        TransferStats::builder,
        () -> DeviceInfo.builder(Device.CPU, "memory"),
        RangeLayout.Rules::builder);
  }

  @ParameterizedTest
  @MethodSource("builders")
  void eachComponentCountsAndIsCarriedOn(Supplier<Object> builder) throws Exception {
    Object plain = build(builder.get());
    assertThat(build(builder.get())).isEqualTo(plain).hasSameHashCodeAs(plain);
    List<Method> setters = setters(builder.get().getClass());
    assertThat(setters).isNotEmpty();
    for (Method setter : setters) {
      Object changed =
          setter.invoke(
              builder.get(), Arrays.stream(setter.getParameterTypes()).map(this::other).toArray());
      Object data = build(changed);
      assertThat(data).as("%s", setter).isNotEqualTo(plain);
      Object copy = build(data.getClass().getMethod("toBuilder").invoke(data));
      assertThat(copy).as("%s", setter).isEqualTo(data).hasSameHashCodeAs(data);
    }
  }

  private static Object build(Object builder) throws ReflectiveOperationException {
    return builder.getClass().getMethod("build").invoke(builder);
  }

  private static List<Method> setters(Class<?> builder) {
    return Arrays.stream(builder.getMethods())
        .filter(method -> method.getReturnType() == builder)
        .toList();
  }

  /** Returns a value that is no default, and is in range wherever that type is wanted. */
  private Object other(Class<?> type) {
    return switch (type.getSimpleName()) {
      case "int" -> 2;
      case "long" -> 2L;
      case "boolean" -> true;
      case "String" -> "other";
      case "Duration" -> Duration.ofSeconds(3);
      case "Reason" -> Reason.of("a.b", "other");
      case "Device" -> new Device("cuda", 1);
      case "AccessPath" -> AccessPath.COPIED;
      case "DirectMode" -> DirectMode.OFF;
      case "Distribution" -> Distribution.SHARED;
      case "TransferPath" -> TransferPath.DIRECT;
      case "IoMonitor" -> monitor();
      case "Map" -> Map.of(TransferPath.DIRECT, 3L);
      case "List" -> List.of("other");
      default -> throw new AssertionError("no other value of " + type);
    };
  }
}
