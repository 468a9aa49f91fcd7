// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.PluginReport;
import java.util.List;

/** Stub. */
public final class Registry {
  private Registry() {}

  /** Finds. */
  public static Registry discover() {
    return new Registry();
  }

  /** Reports. */
  public List<PluginReport> report(Device device) {
    return List.of();
  }
}
