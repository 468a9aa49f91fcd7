// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Something that a load or a stream did: which kind of work, when, for how long, and on how many
 * bytes of which file; immutable.
 *
 * @since 0.1
 */
public final class LoadEvent {
  private final long load;
  private final Kind kind;
  private final @Nullable Path file;
  private final @Nullable TransferPath path;
  private final String thread;
  private final long offset;
  private final long bytes;
  private final int count;
  private final Duration start;
  private final Duration elapsed;
  private final Duration busy;
  private final @Nullable LoadReport report;
  private final @Nullable Throwable failure;

  private LoadEvent(Builder builder) {
    this.load = builder.load;
    this.kind = builder.kind;
    this.file = builder.file;
    this.path = builder.path;
    this.thread = builder.thread;
    this.offset = builder.offset;
    this.bytes = builder.bytes;
    this.count = builder.count;
    this.start = builder.start;
    this.elapsed = builder.elapsed;
    this.busy = builder.busy;
    this.report = builder.report;
    this.failure = builder.failure;
  }

  /**
   * What is done; later versions may have more.
   *
   * @since 0.1
   */
  public enum Kind {
    /** The load begins. The first event of a load, without a duration. */
    BEGUN,
    /** Headers were read, and compared between the ranks. */
    HEADERS,
    /** A block was read, into its place or into staging memory, or is mapped; has file and path. */
    READ,
    /** Memory was made for a read before it: its pages, or a buffer. */
    MEMORY,
    /** A thread waited for staging memory: copies to the device are slower than reads. */
    STAGING,
    /** A thread waited, after the last read of a file, for copies to the device. */
    COPY,
    /** Tensors of a file were converted; bytes are those of the file. */
    CONVERSION,
    /** Ranks gave each other bytes; bytes are those that this rank got. */
    EXCHANGE,
    /** This rank waited for other ranks to come as far. */
    RANKS_AWAITED,
    /** A stream waited for room in its window: until its consumer closes tensors. */
    ROOM_AWAITED,
    /** The load has ended, with a report or a failure; lasts as long as the load did. */
    ENDED;

    /** Returns the name for people: {@code ranks awaited}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /**
   * Starts an event.
   *
   * @param load the number of the load
   * @param kind what was done
   * @return a builder
   */
  public static Builder builder(long load, Kind kind) {
    return new Builder(load, kind);
  }

  /** {@return the number of the load in this process; streams count as loads} */
  public long load() {
    return load;
  }

  /** {@return what was done} */
  public Kind kind() {
    return kind;
  }

  /** {@return the file; empty if it was done for no file, or for several} */
  public Optional<Path> file() {
    return Optional.ofNullable(file);
  }

  /** {@return the way that a block took; empty if nothing was read} */
  public Optional<TransferPath> path() {
    return Optional.ofNullable(path);
  }

  /** {@return the name of the thread that did it; empty if several did} */
  public String thread() {
    return thread;
  }

  /** {@return where in the file the bytes begin} */
  public long offset() {
    return offset;
  }

  /** {@return how many bytes; 0 for waiting} */
  public long bytes() {
    return bytes;
  }

  /** {@return how many events were merged into this one; 1 for one that a listener hears} */
  public int count() {
    return count;
  }

  /** {@return when it began, from the beginning of the load} */
  public Duration start() {
    return start;
  }

  /**
   * {@return how long it took; of merged events, from the first one's start to the last one's end}
   */
  public Duration elapsed() {
    return elapsed;
  }

  /** {@return the time that was spent; less than {@link #elapsed} where events were merged} */
  public Duration busy() {
    return busy;
  }

  /** {@return what a load that has ended did} */
  public Optional<LoadReport> report() {
    return Optional.ofNullable(report);
  }

  /** {@return what a load failed by} */
  public Optional<Throwable> failure() {
    return Optional.ofNullable(failure);
  }

  /** {@return a builder that starts with all that this has} */
  public Builder toBuilder() {
    Builder builder = new Builder(load, kind);
    builder.file = file;
    builder.path = path;
    builder.report = report;
    builder.failure = failure;
    return builder.thread(thread).range(offset, bytes).time(start, elapsed).merged(count, busy);
  }

  /** Returns a line for logs. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "load %s, %s%s: %s bytes%s, from %.6f s, %.6f s",
        load,
        kind,
        file == null ? "" : " of " + file,
        bytes,
        path == null ? "" : " " + path,
        start.toNanos() / 1e9,
        elapsed.toNanos() / 1e9);
  }

  /**
   * Makes an event; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final long load;
    private final Kind kind;
    private @Nullable Path file;
    private @Nullable TransferPath path;
    private String thread = "";
    private long offset;
    private long bytes;
    private int count = 1;
    private Duration start = Duration.ZERO;
    private Duration elapsed = Duration.ZERO;
    private Duration busy = Duration.ZERO;
    private @Nullable LoadReport report;
    private @Nullable Throwable failure;

    private Builder(long load, Kind kind) {
      this.load = load;
      this.kind = kind;
    }

    /**
     * Sets the file.
     *
     * @param value the file
     * @return this
     */
    public Builder file(Path value) {
      this.file = value;
      return this;
    }

    /**
     * Sets the way that a block took.
     *
     * @param value the way
     * @return this
     */
    public Builder path(TransferPath value) {
      this.path = value;
      return this;
    }

    /**
     * Sets which thread did it.
     *
     * @param value its name
     * @return this
     */
    public Builder thread(String value) {
      this.thread = value;
      return this;
    }

    /**
     * Sets which bytes.
     *
     * @param from where they begin in the file
     * @param size how many
     * @return this
     */
    public Builder range(long from, long size) {
      this.offset = from;
      this.bytes = size;
      return this;
    }

    /**
     * Sets when it was done; all of the time counts as spent.
     *
     * @param from when it began, from the beginning of the load
     * @param time how long it took
     * @return this
     */
    public Builder time(Duration from, Duration time) {
      this.start = from;
      this.elapsed = time;
      this.busy = time;
      return this;
    }

    /**
     * Says that several events were merged; after {@link #time}.
     *
     * @param events how many
     * @param spent the sum of the time that each took
     * @return this
     */
    public Builder merged(int events, Duration spent) {
      this.count = events;
      this.busy = spent;
      return this;
    }

    /**
     * Sets what a load did.
     *
     * @param value its report
     * @return this
     */
    public Builder report(LoadReport value) {
      this.report = value;
      return this;
    }

    /**
     * Sets what a load failed by.
     *
     * @param value the exception
     * @return this
     */
    public Builder failure(Throwable value) {
      this.failure = value;
      return this;
    }

    /** {@return an event; the builder can go on} */
    public LoadEvent build() {
      return new LoadEvent(this);
    }
  }
}
