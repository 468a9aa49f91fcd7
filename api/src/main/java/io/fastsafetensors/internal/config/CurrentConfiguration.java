// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.config;

import io.fastsafetensors.Configuration;
import io.fastsafetensors.internal.config.Sources.Value;
import io.fastsafetensors.spi.Provider.Option;
import java.util.List;
import java.util.Optional;

/** What is in force with some plug-ins. */
public record CurrentConfiguration(
    List<Setting> settings, List<String> problems, List<String> unknownVariables)
    implements Configuration {
  @Override
  public List<Variable> variables() {
    return OtherVariable.all();
  }

  /**
   * An option, and what it is set to from outside.
   *
   * @param option the definition
   * @param reader who reads it
   * @param set what it is set to
   */
  public record CurrentSetting(Option<?> option, String reader, Optional<Value> set)
      implements Configuration.Setting {
    @Override
    public String name() {
      return option.name();
    }

    @Override
    public String value() {
      return set.map(value -> option.isSecret() ? "(secret)" : value.text())
          .orElse(option.defaultText());
    }

    @Override
    public Optional<String> origin() {
      return set.map(Value::origin);
    }

    @Override
    public String form() {
      return option.form();
    }

    @Override
    public String defaultText() {
      return option.defaultText();
    }

    @Override
    public String description() {
      return option.description();
    }

    @Override
    public String systemProperty() {
      return option.systemProperty();
    }

    @Override
    public String environmentVariable() {
      return option.environmentVariable();
    }

    @Override
    public boolean isOfProcess() {
      return option.isOfProcess();
    }

    /** Returns name and value. */
    @Override
    public String toString() {
      return name() + "=" + value();
    }
  }
}
