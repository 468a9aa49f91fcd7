// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.internal.config.CurrentConfiguration;
import io.fastsafetensors.internal.config.CurrentConfiguration.CurrentSetting;
import io.fastsafetensors.internal.config.OtherVariable;
import java.util.List;
import java.util.Optional;

/**
 * All settings of the library and of the installed plug-ins, and what is in force; immutable.
 *
 * <p>What a program says goes before all else. What it leaves open is taken from the first of: the
 * system property of a setting, its environment variable, its line in the configuration file, its
 * default. The file is the one that the system property {@code io.fastsafetensors.config} or the
 * environment variable {@code FST_CONFIG} names, and is read once.
 *
 * @since 0.1
 */
public sealed interface Configuration permits CurrentConfiguration {
  /**
   * Returns what is in force now. Reads the configuration file if nobody did before.
   *
   * @return the configuration of a loader with the installed plug-ins
   * @throws IllegalArgumentException if the configuration file can't be read; it names file and
   *     line
   */
  static Configuration inForce() {
    return inForce(Plugins.installed());
  }

  /**
   * Returns what is in force now. Reads the configuration file if nobody did before.
   *
   * @param plugins the plug-ins whose settings there are beside the library's
   * @return the configuration of a loader with these plug-ins
   * @throws IllegalArgumentException if the configuration file can't be read; it names file and
   *     line
   */
  static Configuration inForce(Plugins plugins) {
    return Engines.get().configuration(plugins);
  }

  /** {@return all settings: the library's, then those of plug-ins, by their ids; unmodifiable} */
  List<Setting> settings();

  /**
   * Returns what is wrong: system properties and lines of the file that nobody knows, and malformed
   * values. Each names where it was set; loaders can't be made meanwhile.
   *
   * @return a sentence each; none if all is well; unmodifiable
   */
  List<String> problems();

  /**
   * Returns the environment variables that begin with {@code FST_} and that nobody knows. They may
   * be another program's, so that loaders only warn of them.
   *
   * @return a sentence each, with the nearest that are known; unmodifiable
   */
  List<String> unknownVariables();

  /** {@return environment variables that are read and are no settings; unmodifiable} */
  List<Variable> variables();

  /**
   * A setting and what is in force; immutable.
   *
   * @since 0.1
   */
  sealed interface Setting permits CurrentSetting {
    /** {@return the name, as the configuration file has it} */
    String name();

    /** {@return the value as it was set, or else the default as text; of a secret only whether} */
    String value();

    /** {@return who set it from outside: a property, a variable, or file and line} */
    Optional<String> origin();

    /** {@return what may be written, in some words} */
    String form();

    /** {@return the default as text; some words where it follows from the host} */
    String defaultText();

    /** {@return what it does, in a sentence or several} */
    String description();

    /** {@return the system property that sets it} */
    String systemProperty();

    /** {@return the environment variable that sets it} */
    String environmentVariable();

    /** {@return true if it is of the process; false if a program can set it for a single load} */
    boolean isOfProcess();

    /** {@return who reads it: {@code api}, or the kind and the id of a plug-in} */
    String reader();
  }

  /**
   * An environment variable that is no setting: of scripts, of launchers, of tests; immutable.
   *
   * @since 0.1
   */
  sealed interface Variable permits OtherVariable {
    /** {@return the name, or several; a {@code *} at the end is any characters} */
    String name();

    /** {@return what it says, in a sentence} */
    String description();

    /** {@return who reads it} */
    String reader();
  }
}
