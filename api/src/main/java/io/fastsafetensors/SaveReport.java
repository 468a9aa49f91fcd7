// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a save did on this rank, and why; immutable.
 *
 * @since 0.1
 */
public final class SaveReport {
  private final List<SavedFile> files;
  private final Optional<Path> index;
  private final List<Path> removed;
  private final List<Reason> notes;
  private final List<ConversionReport> conversions;
  private final long bytes;
  private final Duration elapsed;

  private SaveReport(Builder builder) {
    this.files = builder.files;
    this.index = builder.index;
    this.removed = builder.removed;
    this.notes = builder.notes;
    this.conversions = builder.conversions;
    this.bytes = builder.bytes;
    this.elapsed = builder.elapsed;
  }

  /** {@return a builder of a report on a save that has done nothing} */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * {@return each file of tensors, in the order of their names, also those to which only other
   * ranks wrote; unmodifiable}
   */
  public List<SavedFile> files() {
    return files;
  }

  /** {@return the index; empty if there is one file, which needs none} */
  public Optional<Path> index() {
    return index;
  }

  /**
   * {@return files of the checkpoint that was replaced which were deleted; of a group, rank 0 does
   * that; unmodifiable}
   */
  public List<Path> removed() {
    return removed;
  }

  /**
   * Returns what else is worth knowing.
   *
   * @return reasons such as {@code save.recovered}, {@code save.left} or {@code save.names}, of a
   *     group on rank 0; unmodifiable
   */
  public List<Reason> notes() {
    return notes;
  }

  /**
   * {@return what became of the types of tensors; empty if no conversion was asked for;
   * unmodifiable}
   */
  public List<ConversionReport> conversions() {
    return conversions;
  }

  /** {@return the size in the files of what this rank wrote of tensors, in bytes} */
  public long bytes() {
    return bytes;
  }

  /** {@return how long the save took, until all was on the disk} */
  public Duration elapsed() {
    return elapsed;
  }

  /**
   * Returns the speed.
   *
   * @return 10^9 bytes a second; 0 if nothing was saved
   */
  public double gbps() {
    return bytes == 0 ? 0 : (double) bytes / Math.max(1, elapsed.toNanos());
  }

  /** {@return a builder that starts with all that this has} */
  public Builder toBuilder() {
    Builder builder =
        new Builder()
            .files(files)
            .removed(removed)
            .notes(notes)
            .conversions(conversions)
            .bytes(bytes)
            .elapsed(elapsed);
    index.ifPresent(builder::index);
    return builder;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SaveReport that
        && files.equals(that.files)
        && index.equals(that.index)
        && removed.equals(that.removed)
        && notes.equals(that.notes)
        && conversions.equals(that.conversions)
        && bytes == that.bytes
        && elapsed.equals(that.elapsed);
  }

  @Override
  public int hashCode() {
    return Objects.hash(files, index, removed, notes, conversions, bytes, elapsed);
  }

  /** Returns a line for the save, and one for each conversion, file and note. */
  @Override
  public String toString() {
    return Stream.of(
            Stream.of(headline()),
            conversions.stream().map(ConversionReport::toString),
            files.stream().map(SavedFile::toString),
            index.stream().map(path -> "index " + path),
            removed.stream().map(path -> "removed " + path),
            notes.stream().map(Reason::toString))
        .flatMap(lines -> lines)
        .collect(Collectors.joining("\n  "));
  }

  private String headline() {
    return String.format(
        Locale.ROOT, "%s bytes saved in %.3f s, %.2f GB/s", bytes, elapsed.toNanos() / 1e9, gbps());
  }

  /**
   * Makes a report; not thread-safe.
   *
   * @since 0.1
   */
  public static final class Builder {
    private List<SavedFile> files = List.of();
    private Optional<Path> index = Optional.empty();
    private List<Path> removed = List.of();
    private List<Reason> notes = List.of();
    private List<ConversionReport> conversions = List.of();
    private long bytes;
    private Duration elapsed = Duration.ZERO;

    private Builder() {}

    /**
     * Sets the files of tensors.
     *
     * @param value the files, by name
     * @return this
     */
    public Builder files(List<SavedFile> value) {
      this.files = List.copyOf(value);
      return this;
    }

    /**
     * Sets the index.
     *
     * @param value its path
     * @return this
     */
    public Builder index(Path value) {
      this.index = Optional.of(value);
      return this;
    }

    /**
     * Sets which files were deleted.
     *
     * @param value their paths
     * @return this
     */
    public Builder removed(List<Path> value) {
      this.removed = List.copyOf(value);
      return this;
    }

    /**
     * Sets what else is worth knowing.
     *
     * @param value reasons
     * @return this
     */
    public Builder notes(List<Reason> value) {
      this.notes = List.copyOf(value);
      return this;
    }

    /**
     * Sets what became of the types of tensors.
     *
     * @param value the conversions
     * @return this
     */
    public Builder conversions(List<ConversionReport> value) {
      this.conversions = List.copyOf(value);
      return this;
    }

    /**
     * Sets the tensors' size.
     *
     * @param value bytes in the files
     * @return this
     */
    public Builder bytes(long value) {
      this.bytes = value;
      return this;
    }

    /**
     * Sets how long the save took.
     *
     * @param value how long
     * @return this
     */
    public Builder elapsed(Duration value) {
      this.elapsed = value;
      return this;
    }

    /** {@return a report; the builder can go on} */
    public SaveReport build() {
      return new SaveReport(this);
    }
  }
}
