// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What the ranks of a group want of a checkpoint, and which of its bytes they read for that;
 * immutable. {@link Checkpoint#plan} makes it from headers.
 *
 * <p>Bytes are those of the files: before types are converted, without headers, and without what a
 * backend adds to start and end reads on the grain of its storage. Rows that are near each other
 * are read with what is between them.
 *
 * <p>A rank reads what it asks files for. With {@link Distribution#OWNER} and {@link
 * Distribution#SHARED} one rank asks for each byte, also for the others; what they get of it, from
 * that rank or out of the page cache of a host that they share, is not counted again. With {@link
 * Distribution#LOCAL} every rank that needs a byte asks for it, and each is counted, although only
 * the first on a host may have it brought from storage.
 *
 * @since 0.1
 */
public final class PartPlan {
  private final Distribution distribution;
  private final List<RankReads> ranks;
  private final long onceBytes;
  private final long overlapBytes;

  private PartPlan(
      Distribution distribution, List<RankReads> ranks, long onceBytes, long overlapBytes) {
    this.distribution = distribution;
    this.ranks = List.copyOf(ranks);
    this.onceBytes = onceBytes;
    this.overlapBytes = overlapBytes;
  }

  /**
   * Makes a plan.
   *
   * @param distribution which rank reads which bytes; not {@link Distribution#AUTO}
   * @param ranks what each rank gets and reads, from rank 0 on
   * @param onceBytes how many bytes at least one rank needs
   * @param overlapBytes how many bytes several ranks need
   * @return the plan
   */
  public static PartPlan of(
      Distribution distribution, List<RankReads> ranks, long onceBytes, long overlapBytes) {
    return new PartPlan(distribution, ranks, onceBytes, overlapBytes);
  }

  /**
   * Returns which rank reads which bytes.
   *
   * @return what was asked for; for {@link Distribution#AUTO} what it comes to if all ranks see the
   *     same files, of which nothing is cached; for one rank {@link Distribution#LOCAL}
   */
  public Distribution distribution() {
    return distribution;
  }

  /**
   * Returns what each rank gets and reads.
   *
   * @return the ranks, from 0 on; unmodifiable
   */
  public List<RankReads> ranks() {
    return ranks;
  }

  /**
   * Returns how much all ranks read.
   *
   * @return the sum, in bytes
   */
  public long readBytes() {
    return sum(ranks, RankReads::readBytes);
  }

  /**
   * Returns how much is read if every byte is read once, however many ranks need it.
   *
   * @return bytes
   */
  public long onceBytes() {
    return onceBytes;
  }

  /**
   * Returns how much of {@link #onceBytes} several ranks need: with {@link Distribution#LOCAL} each
   * of them reads it.
   *
   * @return bytes; 0 if no two ranks need the same
   */
  public long overlapBytes() {
    return overlapBytes;
  }

  private static <T> long sum(List<T> all, ToLongFunction<T> count) {
    return all.stream().mapToLong(count).reduce(0, Math::addExact);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PartPlan that
        && distribution == that.distribution
        && ranks.equals(that.ranks)
        && onceBytes == that.onceBytes
        && overlapBytes == that.overlapBytes;
  }

  @Override
  public int hashCode() {
    return Objects.hash(distribution, ranks, onceBytes, overlapBytes);
  }

  /** Returns the ranks and the sums. */
  @Override
  public String toString() {
    return "PartPlan %s %s, %s bytes read, %s if each byte is read once"
        .formatted(distribution, ranks, readBytes(), onceBytes);
  }

  /**
   * What one rank gets and reads; immutable.
   *
   * @since 0.1
   */
  public static final class RankReads {
    private final List<FileReads> files;

    private RankReads(List<FileReads> files) {
      this.files = List.copyOf(files);
    }

    /**
     * Makes an entry.
     *
     * @param files what it gets and reads of each file
     * @return the entry
     */
    public static RankReads of(List<FileReads> files) {
      return new RankReads(files);
    }

    /**
     * Returns what it gets and reads of each file.
     *
     * @return the files of which it gets or reads something; unmodifiable
     */
    public List<FileReads> files() {
      return files;
    }

    /** {@return of how many tensors it gets something} */
    public long tensors() {
      return sum(files, FileReads::tensors);
    }

    /** {@return the memory that its parts take, in bytes} */
    public long bytes() {
      return sum(files, FileReads::bytes);
    }

    /** {@return how much it reads by itself, for itself or for others, in bytes} */
    public long readBytes() {
      return sum(files, FileReads::readBytes);
    }

    /** {@return in how many runs of neighbouring bytes that lies} */
    public long ranges() {
      return sum(files, FileReads::ranges);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof RankReads that && files.equals(that.files);
    }

    @Override
    public int hashCode() {
      return files.hashCode();
    }

    /** Returns the files. */
    @Override
    public String toString() {
      return files.toString();
    }
  }

  /**
   * What one rank gets and reads of one file; immutable.
   *
   * @since 0.1
   */
  public static final class FileReads {
    private final Path file;
    private final long tensors;
    private final long bytes;
    private final long readBytes;
    private final long ranges;

    private FileReads(Path file, long tensors, long bytes, long readBytes, long ranges) {
      this.file = file;
      this.tensors = tensors;
      this.bytes = bytes;
      this.readBytes = readBytes;
      this.ranges = ranges;
    }

    /**
     * Makes an entry.
     *
     * @param file the file
     * @param tensors of how many of its tensors the rank gets something
     * @param bytes the size of these parts, in bytes
     * @param readBytes how much is read, in bytes
     * @param ranges in how many runs of neighbouring bytes that lies
     * @return the entry
     */
    public static FileReads of(Path file, long tensors, long bytes, long readBytes, long ranges) {
      return new FileReads(file, tensors, bytes, readBytes, ranges);
    }

    /** {@return the file} */
    public Path file() {
      return file;
    }

    /** {@return of how many of its tensors the rank gets something} */
    public long tensors() {
      return tensors;
    }

    /** {@return the size of these parts, in bytes} */
    public long bytes() {
      return bytes;
    }

    /** {@return how much is read, in bytes} */
    public long readBytes() {
      return readBytes;
    }

    /** {@return in how many runs of neighbouring bytes that lies} */
    public long ranges() {
      return ranges;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof FileReads that
          && file.equals(that.file)
          && tensors == that.tensors
          && bytes == that.bytes
          && readBytes == that.readBytes
          && ranges == that.ranges;
    }

    @Override
    public int hashCode() {
      return Objects.hash(file, tensors, bytes, readBytes, ranges);
    }

    /** Returns what is read of the file. */
    @Override
    public String toString() {
      return "%s: %s tensors, %s bytes, reads %s bytes in %s ranges"
          .formatted(file, tensors, bytes, readBytes, ranges);
    }
  }
}
