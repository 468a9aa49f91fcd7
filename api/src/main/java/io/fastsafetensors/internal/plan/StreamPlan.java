// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.Part;
import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.toolkit.text.Amounts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a stream gives out, in steps that follow each other on all ranks; each is small enough for
 * the window of every rank.
 */
public final class StreamPlan {
  private static final long FIRST_STEP = 1 << 20;

  private final List<Step> steps = new ArrayList<>();
  private final Wanted wanted;
  private final List<CatalogEntry> open = new ArrayList<>();
  private final List<List<Part>> openParts = new ArrayList<>();
  private final long[] openBytes;
  private boolean fits = true;
  private @Nullable Room largest;
  private final @Nullable WantedPart[] previous;

  /**
   * Tensors that are read, given out, and let go of together.
   *
   * @param parts what each rank gets of each
   * @param offset where this rank's part starts in what it gets of the tensor, in bytes of the file
   * @param isLast whether nothing of the tensors follows on this rank
   * @param bytes the most memory that a rank needs for it
   * @param whole all that this rank gets of the tensor of which this is a piece; null if it is none
   */
  public record Step(
      RankParts parts, long offset, boolean isLast, long bytes, @Nullable WantedPart whole) {}

  /**
   * What is wanted of a stream.
   *
   * @param catalog the tensors, in the order in which they are given out
   * @param byRank for each rank the part of each tensor, in the order of the catalog
   * @param rank which rank this is
   * @param sizes how the window is used; of all ranks the smallest
   * @param inPieces whether a tensor that is larger than a step may come in pieces
   * @param isRead whether each rank reads what it gets, instead of getting it from others
   * @param converted the size of what a part is converted to; 0 if it stays as it is
   */
  public record Wanted(
      Catalog catalog,
      List<List<Part>> byRank,
      int rank,
      WindowSizes sizes,
      boolean inPieces,
      boolean isRead,
      ToLongFunction<WantedPart> converted) {}

  private StreamPlan(Wanted wanted) {
    this.wanted = wanted;
    this.openBytes = new long[wanted.byRank.size()];
    this.previous = new @Nullable WantedPart[wanted.byRank.size()];
  }

  /**
   * What a tensor needs to come whole.
   *
   * @param entry the tensor
   * @param bytes the most memory that a rank needs for it
   * @param window the least window that would do
   */
  public record Room(CatalogEntry entry, long bytes, long window) {}

  /**
   * Plans a stream.
   *
   * @throws IllegalArgumentException if a tensor doesn't fit into the window; it names the least
   *     window that would do for all
   */
  public static StreamPlan of(Wanted wanted) {
    StreamPlan plan = draft(wanted);
    if (!plan.fits) {
      throw plan.tooLarge();
    }
    return plan;
  }

  /** Plans a stream that may not fit into the window. */
  static StreamPlan draft(Wanted wanted) {
    StreamPlan plan = new StreamPlan(wanted);
    int tensor = 0;
    for (CatalogEntry entry : wanted.catalog.entries()) {
      int index = tensor++;
      List<Part> parts = wanted.byRank.stream().map(rank -> rank.get(index)).toList();
      if (!parts.stream().allMatch(Part::isNone)) {
        plan.add(entry, parts);
      }
    }
    plan.end(0, true, null);
    return plan;
  }

  /**
   * Puts tensors into the order that a caller wants.
   *
   * @param catalog the tensors
   * @param first the names that come first, in order; the others follow as they are stored
   * @throws java.util.NoSuchElementException if there is no such tensor
   * @throws IllegalArgumentException if a name is there twice
   */
  public static Catalog ordered(Catalog catalog, List<String> first) {
    if (first.isEmpty()) {
      return catalog;
    }
    Set<String> listed = new HashSet<>();
    List<CatalogEntry> entries = new ArrayList<>();
    for (String name : first) {
      if (!listed.add(name)) {
        throw new IllegalArgumentException(
            "order: tensor " + Printable.quote(name) + " is there twice");
      }
      entries.add(catalog.get(name));
    }
    catalog.entries().stream()
        .filter(entry -> !listed.contains(entry.info().name()))
        .forEach(entries::add);
    return catalog.only(entries);
  }

  /** Returns the steps, in order. */
  public List<Step> steps() {
    return Collections.unmodifiableList(steps);
  }

  /** Tells whether every step fits into the window. */
  boolean fits() {
    return fits;
  }

  /** Returns which tensor needs the largest window to come whole. */
  Optional<Room> largest() {
    return Optional.ofNullable(largest);
  }

  private int ranks() {
    return wanted.byRank.size();
  }

  private void add(CatalogEntry entry, List<Part> parts) {
    long[] bytes = bytes(entry, parts);
    long most = largest(bytes);
    boolean overflows = false;
    for (int rank = 0; rank < ranks(); rank++) {
      overflows |= openBytes[rank] + bytes[rank] > limit();
    }
    if (overflows) {
      end(0, true, null);
      bytes = bytes(entry, parts);
      most = largest(bytes);
    }
    boolean hasChunks = hasChunks(entry, parts);
    note(new Room(entry, most, wanted.sizes.least(most, hasChunks)));
    if (most > wanted.sizes.step() && wanted.inPieces) {
      addPieces(entry, parts);
      return;
    }
    fits &= most <= wanted.sizes.most(hasChunks);
    put(entry, parts, bytes);
  }

  private void note(Room room) {
    Room known = largest;
    if (known == null
        || room.window > known.window
        || (room.window == known.window && room.bytes > known.bytes)) {
      largest = room;
    }
  }

  /** Returns how much comes together: little at first, which is soon there. */
  private long limit() {
    return steps.isEmpty() ? Math.min(FIRST_STEP, wanted.sizes.step()) : wanted.sizes.step();
  }

  private void put(CatalogEntry entry, List<Part> parts, long[] bytes) {
    open.add(entry);
    openParts.add(parts);
    for (int rank = 0; rank < ranks(); rank++) {
      openBytes[rank] = Math.addExact(openBytes[rank], bytes[rank]);
      WantedPart part = parts.get(rank).isNone() ? null : wanted(entry, parts.get(rank), rank);
      previous[rank] = part != null && isInPlace(part) ? part : previous[rank];
    }
  }

  private void addPieces(CatalogEntry entry, List<Part> parts) {
    List<List<Part>> pieces = new ArrayList<>();
    for (int rank = 0; rank < ranks(); rank++) {
      pieces.add(pieces(entry, parts.get(rank), rank));
    }
    int count = pieces.stream().mapToInt(List::size).max().orElse(0);
    int mine = pieces.get(wanted.rank).size();
    Part own = parts.get(wanted.rank);
    WantedPart whole = own.isNone() ? null : wanted(entry, own, wanted.rank);
    long offset = 0;
    for (int i = 0; i < count; i++) {
      int piece = i;
      List<Part> step =
          pieces.stream().map(of -> piece < of.size() ? of.get(piece) : Part.none()).toList();
      put(entry, step, bytes(entry, step));
      long bytes = i < mine ? wanted(entry, step.get(wanted.rank), wanted.rank).bytes() : 0;
      end(offset, i >= mine - 1, whole);
      offset += bytes;
    }
  }

  /** Cuts what a rank gets of a tensor into pieces whose memory is no more than a step's. */
  private List<Part> pieces(CatalogEntry entry, Part part, int rank) {
    if (part.isNone()) {
      return List.of();
    }
    WantedPart whole = wanted(entry, part, rank);
    long all = bytes(whole, rank);
    if (whole.bytes() == 0 || all <= wanted.sizes.step()) {
      return List.of(part);
    }
    long most = (long) ((double) wanted.sizes.step() * whole.bytes() / all);
    Parts tensor = Parts.of(entry.info());
    return PartPieces.of(tensor, part, ranks(), rank, Math.max(1, most));
  }

  private static long largest(long[] bytes) {
    long most = 0;
    for (long each : bytes) {
      most = Math.max(most, each);
    }
    return most;
  }

  /** Returns what each rank needs for a tensor. */
  private long[] bytes(CatalogEntry entry, List<Part> parts) {
    long[] bytes = new long[ranks()];
    for (int rank = 0; rank < ranks(); rank++) {
      if (!parts.get(rank).isNone()) {
        bytes[rank] = bytes(wanted(entry, parts.get(rank), rank), rank);
      }
    }
    return bytes;
  }

  private long bytes(WantedPart part, int rank) {
    long converted = WindowSizes.copied(wanted.converted.applyAsLong(part));
    long read =
        isInPlace(part) ? WindowSizes.read(part, previous[rank]) : WindowSizes.copied(part.bytes());
    return Math.addExact(read, converted);
  }

  private boolean isInPlace(WantedPart part) {
    return wanted.isRead && part.slice().isContiguous();
  }

  private WantedPart wanted(CatalogEntry entry, Part part, int rank) {
    return WantedPart.of(entry, Parts.of(entry.info()).slice(part, ranks(), rank));
  }

  private boolean hasChunks(CatalogEntry entry, List<Part> parts) {
    if (!wanted.isRead) {
      return true;
    }
    for (int rank = 0; rank < ranks(); rank++) {
      Part part = parts.get(rank);
      if (!part.isNone() && !wanted(entry, part, rank).slice().isContiguous()) {
        return true;
      }
    }
    return false;
  }

  private IllegalArgumentException tooLarge() {
    Room room = Objects.requireNonNull(largest);
    return new IllegalArgumentException(
        "%s: tensor %s takes %s, more than the window of %s: want a window of %s, or take pieces"
            .formatted(
                room.entry.file().source().path(),
                room.entry.info(),
                Amounts.exactBytes(room.bytes),
                Amounts.exactBytes(wanted.sizes.window()),
                Amounts.exactBytes(room.window)));
  }

  private void end(long offset, boolean isLast, @Nullable WantedPart whole) {
    if (open.isEmpty()) {
      return;
    }
    List<List<Part>> byRank = new ArrayList<>();
    for (int rank = 0; rank < ranks(); rank++) {
      int own = rank;
      byRank.add(openParts.stream().map(parts -> parts.get(own)).toList());
    }
    RankParts parts = new RankParts(wanted.catalog.only(open), byRank, wanted.sizes.chunk());
    steps.add(new Step(parts, offset, isLast, largest(openBytes), whole));
    open.clear();
    openParts.clear();
    Arrays.fill(openBytes, 0);
    Arrays.fill(previous, null);
  }
}
