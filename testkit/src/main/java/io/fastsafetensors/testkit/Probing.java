// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.Device;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Availability.Available;
import io.fastsafetensors.spi.Availability.Unavailable;
import io.fastsafetensors.spi.Provider;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.Supplier;
import org.opentest4j.TestAbortedException;

/** Asks a plug-in whether it works here, before it is tried. */
final class Probing {
  private Probing() {}

  /** Returns what is available; skips the test, visibly, if nothing is. */
  static Available assumeAvailable(Provider plugin, Supplier<Availability> probe) {
    return switch (answer(plugin, probe)) {
      case Available available -> available;
      case Unavailable no ->
          throw new TestAbortedException(plugin.id() + " is unavailable here: " + no.reason());
    };
  }

  /** Fails unless a probe answers as rule P-103 wants it; returns the answer. */
  static Availability check(Rule rule, String call, Callable<Availability> probe) {
    Availability answer = rule.allows(call, probe);
    switch (answer) {
      case null -> throw rule.broken(call + " returned null");
      case Available yes ->
          rule.check(
              !yes.detail().toString().contains("\n"),
              "the detail of " + call + " has several lines: " + yes.detail());
      case Unavailable no ->
          rule.check(
              isLine(no.reason().toString()),
              call
                  + " says unavailable and needs a reason of one line, but it is '%s'"
                      .formatted(no.reason()));
    }
    return answer;
  }

  private static boolean isLine(String text) {
    return !text.isBlank() && !text.contains("\n");
  }

  /** Fails unless a probe answers for whatever device, those too that are not there. */
  static void checkAnyDevice(Function<Device, Availability> probe) {
    for (String device : List.of("cpu", "sim:0", "cuda:0", "cuda:63", "nosuch:0")) {
      check(new Rule("P-103"), "probe(" + device + ")", () -> probe.apply(Device.parse(device)));
    }
  }

  private static Availability answer(Provider plugin, Supplier<Availability> probe) {
    try {
      return probe.get();
    } catch (RuntimeException | LinkageError e) {
      throw new TestAbortedException(plugin.id() + " can't be probed: see rule P-103", e);
    }
  }
}
