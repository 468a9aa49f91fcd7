// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one plug-in in this process; immutable.
 *
 * @since 0.1
 */
public final class PluginReport {
  private final Kind kind;
  private final String id;
  private final int priority;
  private final boolean available;
  private final Reason detail;
  private final String source;

  private PluginReport(Builder builder) {
    this.kind = builder.kind;
    this.id = builder.id;
    this.priority = builder.priority;
    this.available = builder.available;
    this.detail = builder.detail;
    this.source = builder.source;
  }

  /**
   * Starts a report on a plug-in that is not available.
   *
   * @param kind what it plugs into
   * @param id its name
   * @return a builder
   */
  public static Builder builder(Kind kind, String id) {
    return new Builder(kind, id);
  }

  /** {@return what it plugs into} */
  public Kind kind() {
    return kind;
  }

  /** {@return its name} */
  public String id() {
    return id;
  }

  /** {@return its priority: higher is tried first} */
  public int priority() {
    return priority;
  }

  /** {@return whether it works here} */
  public boolean available() {
    return available;
  }

  /** {@return if available, versions and modes; else the reason why not} */
  public Reason detail() {
    return detail;
  }

  /** {@return the jar or folder that it came from} */
  public String source() {
    return source;
  }

  /**
   * What a plug-in plugs into.
   *
   * @since 0.1
   */
  public enum Kind {
    /** A kind of memory where tensors live. */
    DEVICE,
    /** A reader of files. */
    BACKEND,
    /** A transport between ranks. */
    COLLECTIVE
  }

  /** {@return a builder that starts with all that this has} */
  public Builder toBuilder() {
    return new Builder(kind, id)
        .priority(priority)
        .available(available)
        .detail(detail)
        .source(source);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PluginReport that
        && kind == that.kind
        && id.equals(that.id)
        && priority == that.priority
        && available == that.available
        && detail.equals(that.detail)
        && source.equals(that.source);
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, id, priority, available, detail, source);
  }

  /** Returns a line: {@code backend cpu, available: mapped, copied}. */
  @Override
  public String toString() {
    return "%s %s, %s: %s"
        .formatted(
            kind.name().toLowerCase(Locale.ROOT),
            id,
            available ? "available" : "unavailable",
            detail);
  }

  /**
   * Makes a report; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final Kind kind;
    private final String id;
    private int priority;
    private boolean available;
    private Reason detail = Reason.NONE;
    private String source = "";

    private Builder(Kind kind, String id) {
      this.kind = kind;
      this.id = id;
    }

    /**
     * Sets its priority: higher is tried first.
     *
     * @param value its priority: higher is tried first
     * @return this
     */
    public Builder priority(int value) {
      this.priority = value;
      return this;
    }

    /**
     * Sets whether it works here.
     *
     * @param value whether it works here
     * @return this
     */
    public Builder available(boolean value) {
      this.available = value;
      return this;
    }

    /**
     * Sets if available, versions and modes; else the reason why not.
     *
     * @param value if available, versions and modes; else the reason why not
     * @return this
     */
    public Builder detail(Reason value) {
      this.detail = value;
      return this;
    }

    /**
     * Sets the jar or folder that it came from.
     *
     * @param value the jar or folder that it came from
     * @return this
     */
    public Builder source(String value) {
      this.source = value;
      return this;
    }

    /** {@return a report; the builder can go on} */
    public PluginReport build() {
      return new PluginReport(this);
    }
  }
}
