// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.util.Optional;
import java.util.ServiceLoader;

/** Finds the engine once. */
final class Engines {
  private static final Optional<Engine> FOUND =
      ServiceLoader.load(Engine.class, Engine.class.getClassLoader()).findFirst();

  private Engines() {}

  static Engine get() {
    return FOUND.orElseThrow(() ->
        new IllegalStateException(
            "META-INF/services/io.fastsafetensors.Engine is missing: a jar made of several has to"
                + " merge their service files"));
  }
}
