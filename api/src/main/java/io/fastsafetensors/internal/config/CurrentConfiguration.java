// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.config;

import io.fastsafetensors.Configuration;
import java.util.List;

/** What is in force with some plug-ins. */
public record CurrentConfiguration(
    List<Setting> settings, List<String> problems, List<String> unknownVariables)
    implements Configuration {
  @Override
  public List<Variable> variables() {
    return OtherVariable.all();
  }
}
