// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Why something was done, chosen or refused: a code for programs, values by name, and a text for
 * people that is made from them. Immutable, thread-safe.
 *
 * <p>The <b>code</b> is two or more words joined by dots, in lower case; the first says what the
 * reason is about, as in {@code path.mapped} or {@code plugin.unavailable}. The codes of this
 * library keep their meaning in all versions and are listed in {@code docs/reasons.md}; new ones
 * come. A plug-in by others starts its own codes with its id: {@code http.fetched}.
 *
 * <p>The <b>values</b> are what the reason depends on: numbers, texts, and other reasons.
 *
 * <p>The <b>text</b> is for people and may change at any time. A name in braces stands for a value:
 *
 * {@snippet :
 * Reason reason =
 *     Reason.of("http.fetched", "by HTTP from {server} in {requests} requests")
 *         .with("server", "http://localhost:8080")
 *         .with("requests", 3);
 * }
 *
 * @since 0.1
 */
public final class Reason {
  /** No reason was given; its text is empty. */
  public static final Reason NONE = of("reason.none", "");

  private static final Pattern PLACE = Pattern.compile("\\{([a-z][a-z0-9-]*)}");

  private final String code;
  private final String template;
  private final Map<String, Object> values;

  private Reason(String code, String template, Map<String, Object> values) {
    this.code = code;
    this.template = template;
    this.values = Collections.unmodifiableMap(values);
  }

  /**
   * Makes a reason without values.
   *
   * @param code the code
   * @param text one line, with names in braces where values go; other braces stand for themselves
   * @return the reason
   * @throws IllegalArgumentException if the code isn't words of lower-case letters, digits and
   *     dashes, joined by dots
   */
  public static Reason of(String code, String text) {
    if (!code.matches("[a-z0-9][a-z0-9-]*(\\.[a-z0-9][a-z0-9-]*)+")) {
      throw new IllegalArgumentException(
          "code '"
              + code
              + "' of a reason: want words in lower case joined by dots, as path.mapped");
    }
    return new Reason(code, Objects.requireNonNull(text, "text"), Map.of());
  }

  /**
   * Adds a number.
   *
   * @param name its name: lower-case letters, digits and dashes
   * @param value the number
   * @return the reason with it
   */
  public Reason with(String name, long value) {
    return withValue(name, value);
  }

  /**
   * Adds a text.
   *
   * @param name its name: lower-case letters, digits and dashes
   * @param value the text, one line
   * @return the reason with it
   */
  public Reason with(String name, String value) {
    return withValue(name, value);
  }

  /**
   * Adds a reason that this one rests on.
   *
   * @param name its name: lower-case letters, digits and dashes
   * @param value the reason
   * @return the reason with it
   */
  public Reason with(String name, Reason value) {
    return withValue(name, value);
  }

  private Reason withValue(String name, Object value) {
    if (!PLACE.matcher("{" + name + "}").matches()) {
      throw new IllegalArgumentException(
          "value '"
              + name
              + "' of reason "
              + code
              + ": want lower-case letters, digits and dashes");
    }
    Map<String, Object> all = new LinkedHashMap<>(values);
    all.put(name, Objects.requireNonNull(value, name));
    return new Reason(code, template, all);
  }

  /** {@return the code, as in {@code path.mapped}} */
  public String code() {
    return code;
  }

  /**
   * Returns the values by name, in the order in which they were added.
   *
   * @return a {@link Long}, a {@link String} or a {@link Reason} for each name; later versions may
   *     have more kinds; unmodifiable
   */
  public Map<String, Object> values() {
    return values;
  }

  /**
   * Returns a number.
   *
   * @param name its name
   * @return the number; empty if there is no number of that name
   */
  public OptionalLong number(String name) {
    return values.get(name) instanceof Long number ? OptionalLong.of(number) : OptionalLong.empty();
  }

  /**
   * Finds a reason by its code: this one, or one that it rests on.
   *
   * @param wanted the code
   * @return the first; empty if there is none
   */
  public Optional<Reason> find(String wanted) {
    return code.equals(wanted)
        ? Optional.of(this)
        : values.values().stream()
            .filter(Reason.class::isInstance)
            .flatMap(value -> ((Reason) value).find(wanted).stream())
            .findFirst();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Reason that
        && code.equals(that.code)
        && template.equals(that.template)
        && values.equals(that.values);
  }

  @Override
  public int hashCode() {
    return Objects.hash(code, template, values);
  }

  /** Returns the text. */
  @Override
  public String toString() {
    return PLACE.matcher(template).replaceAll(place -> Matcher.quoteReplacement(value(place)));
  }

  private String value(MatchResult place) {
    return String.valueOf(values.getOrDefault(place.group(1), place.group()));
  }
}
