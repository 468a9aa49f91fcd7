// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.lang.module.ModuleDescriptor;
import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** The version that the build gave the command: the module's, or the jar's on the class path. */
final class BuildVersion implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {text()};
  }

  /** Returns the command's name and its version. */
  static String text() {
    return "fst " + ofModule().or(BuildVersion::ofJar).orElse("unknown");
  }

  private static Optional<String> ofModule() {
    return Optional.ofNullable(Main.class.getModule().getDescriptor())
        .flatMap(ModuleDescriptor::rawVersion);
  }

  private static Optional<String> ofJar() {
    return Optional.ofNullable(Main.class.getPackage().getImplementationVersion());
  }
}
