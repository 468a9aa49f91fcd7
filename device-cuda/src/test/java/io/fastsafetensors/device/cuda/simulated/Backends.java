// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.simulated;

import io.fastsafetensors.spi.IoBackend;
import java.util.ServiceLoader;

/** The backends that tests read with; their classes are their modules' own. */
public final class Backends {
  private Backends() {}

  /** Returns the backend {@code posix}. */
  public static IoBackend posix() {
    Backends.class.getModule().addUses(IoBackend.class);
    return ServiceLoader.load(IoBackend.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(backend -> backend.id().equals("posix"))
        .findFirst()
        .orElseThrow();
  }
}
