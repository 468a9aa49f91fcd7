// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Plugin;
import io.fastsafetensors.toolkit.text.Amounts;
import io.fastsafetensors.toolkit.text.SettingValues;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What all plug-ins have in common.
 *
 * <p>A provider is stateless, thread-safe, cheap to construct through a public constructor without
 * arguments, and loads nothing native until it is probed (rule P-101).
 *
 * @since 0.1
 */
public interface Provider extends Plugin {
  /** The version of these interfaces; a provider built for another one is reported, not used. */
  int SPI_VERSION = 1;

  /** The form of an id, in words (rule P-102). */
  String ID_FORM =
      "lower-case letters, digits and single dashes between them, and neither a word of the"
          + " library's own settings (auto, collective, config, group, load, track-leaks) nor one"
          + " with a dash behind it";

  /**
   * Returns the name by which users ask for this plug-in.
   *
   * @return an {@linkplain #isId id}, unique among the plug-ins of its kind (rule P-102)
   */
  @Override
  String id();

  /**
   * Returns the version of the interfaces that this plug-in was written for.
   *
   * @return {@link #SPI_VERSION} as it was at compile time: return the constant
   */
  int spiVersion();

  /**
   * Returns how this plug-in is preferred to others that could do the same.
   *
   * @return higher is tried first; ties are broken by id; 0 is the portable default
   */
  int priority();

  /**
   * Returns the options that this plug-in has. It accepts these and no others: a load with another
   * property {@code ID.NAME} is an {@code IllegalArgumentException} that names the nearest.
   *
   * @return options whose names begin with the id and a point, each once, and always the same (rule
   *     P-107); none unless overridden
   */
  default List<Option<?>> options() {
    return List.of();
  }

  /**
   * Tells whether a text may be an id (rule P-102).
   *
   * @param id the text
   * @return true if it is {@value #ID_FORM}
   */
  static boolean isId(String id) {
    return id.matches("[a-z0-9]+(-[a-z0-9]+)*")
        && !id.matches("(auto|collective|config|group|load|track-leaks)(-.*)?");
  }

  /**
   * Tells whether a text may be the name of an option (rule P-107).
   *
   * @param id the id of the plug-in that has it
   * @param name the text
   * @return true if it is the id, a point, and letters, digits and dashes, of which the first is a
   *     lower-case letter
   */
  static boolean isOptionName(String id, String name) {
    return name.startsWith(id + ".")
        && name.substring(id.length() + 1).matches("[a-z][a-zA-Z0-9-]*");
  }

  /**
   * The definition of a setting: what it is called, what values it has, and what it does;
   * immutable. A plug-in keeps its options in constants, lists them by {@link Provider#options},
   * and reads them with the same constants.
   *
   * <p>Most are of a load: users give them with {@code LoadOptions.Builder.property}, and a session
   * reads them by {@link IoOptions#property}. What concerns a probe, a device or the whole process
   * is {@linkplain Builder#ofProcess of the process}, and read by {@code
   * io.fastsafetensors.toolkit.plugin.Settings}. Both may also be set from outside: by a system
   * property, an environment variable, or a line of the configuration file.
   *
   * @param <T> the type of the values
   * @since 0.1
   */
  final class Option<T> {
    private static final String PROPERTIES = "io.fastsafetensors.";

    private final String name;
    private final String form;
    private final Function<String, T> parser;
    private final Supplier<T> defaultValue;
    private final String defaultText;
    private final String description;
    private final String property;
    private final String variable;
    private final boolean ofProcess;
    private final boolean secret;

    private Option(Builder<T> builder, String description) {
      this.name = builder.name;
      this.form = builder.form;
      this.parser = builder.parser;
      this.defaultValue = builder.defaultValue;
      this.defaultText = builder.defaultText;
      this.description = description;
      this.property = PROPERTIES + builder.name;
      this.variable = builder.variable == null ? variable(builder.name) : builder.variable;
      this.ofProcess = builder.ofProcess;
      this.secret = builder.secret;
    }

    private static String variable(String name) {
      return "FST_"
          + name.replaceAll("([a-z0-9])([A-Z])", "$1_$2")
              .replaceAll("[.-]", "_")
              .toUpperCase(Locale.ROOT);
    }

    /**
     * Starts a switch, off by default.
     *
     * @param name {@code ID.NAME}
     * @return a builder
     */
    public static Builder<Boolean> flag(String name) {
      return of(name, "true or false", SettingValues::flag).defaultValue(false, "false");
    }

    /**
     * Starts a whole number.
     *
     * @param name {@code ID.NAME}
     * @param min the least that is allowed, and the default
     * @param max the most that is allowed
     * @return a builder
     */
    public static Builder<Long> integer(String name, long min, long max) {
      return of(name, SettingValues.range(min, max), text -> SettingValues.integer(text, min, max))
          .defaultValue(min, Long.toString(min));
    }

    /**
     * Starts a size in bytes, for which units may be written, as in {@code 64MiB}.
     *
     * @param name {@code ID.NAME}
     * @param min the least that is allowed, and the default
     * @param max the most that is allowed
     * @return a builder
     */
    public static Builder<Long> bytes(String name, long min, long max) {
      return of(
              name,
              "bytes, " + SettingValues.range(min, max) + ", or a unit as in 64MiB",
              text -> SettingValues.bytes(text, min, max))
          .defaultValue(min, Long.toString(min));
    }

    /**
     * Starts a duration above zero, as in {@code 250ms}, {@code 90s} or {@code 1h30m}.
     *
     * @param name {@code ID.NAME}
     * @param otherwise the default
     * @return a builder
     */
    public static Builder<Duration> duration(String name, Duration otherwise) {
      return of(name, "seconds, or a unit as in 90s, 5m or 1h30m", SettingValues::positiveDuration)
          .defaultValue(otherwise, Amounts.duration(otherwise));
    }

    /**
     * Starts any text, empty by default.
     *
     * @param name {@code ID.NAME}
     * @return a builder
     */
    public static Builder<String> text(String name) {
      return of(name, "text", text -> text).defaultValue("", "none");
    }

    /**
     * Starts a choice of words.
     *
     * @param <E> the type of the values
     * @param name {@code ID.NAME}
     * @param type the values, written in lower case; the first is the default
     * @return a builder
     */
    public static <E extends Enum<E>> Builder<E> choice(String name, Class<E> type) {
      E[] values = type.getEnumConstants();
      return of(
              name,
              "one of " + SettingValues.words(values),
              text -> SettingValues.choice(text, values))
          .defaultValue(values[0], SettingValues.word(values[0]));
    }

    /**
     * Starts an option with values of another kind; give it a default.
     *
     * @param <T> the type of the values
     * @param name {@code ID.NAME}
     * @param form what may be written, in some words
     * @param parser makes the value; throws an {@code IllegalArgumentException} that quotes the
     *     text and says what is wanted
     * @return a builder
     */
    public static <T> Builder<T> of(String name, String form, Function<String, T> parser) {
      return new Builder<>(name, form, parser);
    }

    /**
     * Reads a value.
     *
     * @param text what was set
     * @param origin who set it, as in {@code environment variable X}
     * @return the value
     * @throws IllegalArgumentException if the text is malformed or out of range: it names the
     *     option, the text, the origin and what is wanted
     */
    public T parse(String text, String origin) {
      try {
        return parser.apply(text);
      } catch (IllegalArgumentException e) {
        String shown = secret ? "its value is malformed" : String.valueOf(e.getMessage());
        boolean saysWhatIsWanted = shown.replace(text, "").contains(": want ");
        throw new IllegalArgumentException(
            name + ", set by " + origin + ": " + shown + (saysWhatIsWanted ? "" : ": want " + form),
            secret ? null : e);
      }
    }

    /** {@return the name {@code ID.NAME}, in properties of loads and in the configuration file} */
    public String name() {
      return name;
    }

    /** {@return the system property that sets it: {@code io.fastsafetensors.ID.NAME}} */
    public String systemProperty() {
      return property;
    }

    /** {@return the environment variable that sets it: {@code FST_ID_NAME}, or the one chosen} */
    public String environmentVariable() {
      return variable;
    }

    /** {@return what may be written, in some words} */
    public String form() {
      return form;
    }

    /** {@return the value that counts if nobody sets it} */
    public T defaultValue() {
      return defaultValue.get();
    }

    /** {@return the default as text; some words where it follows from the host} */
    public String defaultText() {
      return defaultText;
    }

    /** {@return what it does, in a sentence or several} */
    public String description() {
      return description;
    }

    /** {@return whether it is of the process, and no option of a single load} */
    public boolean isOfProcess() {
      return ofProcess;
    }

    /** {@return whether the value must not be shown} */
    public boolean isSecret() {
      return secret;
    }

    /** Returns the name. */
    @Override
    public String toString() {
      return name;
    }

    /**
     * Makes an option; not thread-safe.
     *
     * @param <T> the type of the values
     * @since 0.1
     */
    public static final class Builder<T> {
      private final String name;
      private final String form;
      private final Function<String, T> parser;
      private Supplier<T> defaultValue;
      private String defaultText = "";
      private @Nullable String variable;
      private boolean ofProcess;
      private boolean secret;

      private Builder(String name, String form, Function<String, T> parser) {
        this.name = name;
        this.form = form;
        this.parser = parser;
        this.defaultValue =
            () -> {
              throw new IllegalStateException("option " + name + " has no default");
            };
      }

      /**
       * Sets what counts if nobody sets the option.
       *
       * @param value the value
       * @param text how it is written
       * @return this
       */
      public Builder<T> defaultValue(T value, String text) {
        return defaultValue(() -> value, text);
      }

      /**
       * Sets what counts if nobody sets the option, where that follows from the host.
       *
       * @param value finds the value; called each time that it is asked for
       * @param text what it follows from, in some words
       * @return this
       */
      public Builder<T> defaultValue(Supplier<T> value, String text) {
        this.defaultValue = value;
        this.defaultText = text;
        return this;
      }

      /**
       * Makes it an option of the process: for probes, devices, and what loads share.
       *
       * @return this
       */
      public Builder<T> ofProcess() {
        this.ofProcess = true;
        return this;
      }

      /**
       * Chooses the environment variable that sets it.
       *
       * @param name the variable
       * @return this
       */
      public Builder<T> environmentVariable(String name) {
        this.variable = name;
        return this;
      }

      /**
       * Has the value never shown.
       *
       * @return this
       */
      public Builder<T> secret() {
        this.secret = true;
        return this;
      }

      /**
       * Makes the option.
       *
       * @param description what it does, in a sentence or several
       * @return the option
       */
      public Option<T> describedAs(String description) {
        return new Option<>(this, description);
      }
    }
  }
}
