// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import io.fastsafetensors.Reason;
import io.fastsafetensors.spi.Provider;

/** Why plug-ins are refused without being probed. */
final class Refusals {
  private Refusals() {}

  /** Wraps what is wrong, for reports. */
  static Reason refused(Reason why) {
    return Reason.of("plugin.refused", "refused: {why}").with("why", why);
  }

  static Reason notMade(String error) {
    return Reason.of("plugin.broken", "can't be made: {error}").with("error", error);
  }

  static Reason saysNothing(Class<?> type, Throwable error) {
    return Reason.of("plugin.broken", "{class} doesn't say what it is: {error}")
        .with("class", type.getName())
        .with("error", error.toString());
  }

  static Reason spiVersion(int builtFor) {
    return Reason.of(
            "plugin.spi-version",
            "built for SPI version {built-for}, this is version {version}: update the older of the"
                + " two")
        .with("built-for", builtFor)
        .with("version", Provider.SPI_VERSION);
  }

  static Reason malformedId(String id) {
    return Reason.of("plugin.malformed-id", "id '{id}': want " + Provider.ID_FORM).with("id", id);
  }

  static Reason malformedOption(String name, String id) {
    return Reason.of(
            "plugin.malformed-option", "option '{option}': want {id}.NAME, each once (rule P-107)")
        .with("option", name)
        .with("id", id);
  }

  static Reason reservedId(String id) {
    return Reason.of("plugin.reserved-id", "id '{id}' is reserved for this project's own plug-ins")
        .with("id", id);
  }

  static Reason duplicateId(RegisteredPlugin<?> first) {
    return Reason.of(
            "plugin.duplicate-id",
            "id '{id}' is taken by {class} from {source}: remove one of the two")
        .with("id", first.id())
        .with("class", first.provider().getClass().getName())
        .with("source", first.source());
  }

  static Reason replacedBy(RegisteredPlugin<?> instance) {
    return Reason.of("plugin.replaced", "id '{id}' is taken by an instance of {class}")
        .with("id", instance.id())
        .with("class", instance.provider().getClass().getName());
  }
}
