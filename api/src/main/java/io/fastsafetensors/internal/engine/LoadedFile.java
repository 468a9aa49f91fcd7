// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.CatalogEntry;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.WantedPart;
import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.spi.Region;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/** A file of this rank in device memory. */
final class LoadedFile {
  private final int index;
  private final Map<String, Piece> pieces;
  private final List<Memory> held;

  private LoadedFile(int index, Collection<Memory> memories, Map<String, Piece> pieces) {
    this.index = index;
    this.held = new ArrayList<>(memories);
    this.pieces = pieces;
  }

  /**
   * Takes over what a backend loaded, also if it then throws.
   *
   * @throws IllegalStateException if it is not what was planned
   */
  static LoadedFile of(SharedContext context, FilePlan plan, String backend, LoadedRanges loaded) {
    return of(plan, backend, loaded, buffer -> Memory.of(context, buffer, plan.path()));
  }

  /**
   * Takes over what a backend loaded, some of which may have been given out before.
   *
   * @param owned makes the file a holder of a buffer's memory
   */
  static LoadedFile of(
      FilePlan plan, String backend, LoadedRanges loaded, Function<DeviceBuffer, Memory> owned) {
    IdentityHashMap<DeviceBuffer, Memory> memories = new IdentityHashMap<>();
    loaded.buffers().forEach(buffer -> memories.computeIfAbsent(buffer, owned));
    Map<String, Piece> pieces = HashMap.newHashMap(plan.tensors().size());
    LoadedFile file = new LoadedFile(plan.file().index(), memories.values(), pieces);
    try {
      addPieces(plan, backend, loaded.regions(), memories, pieces);
      return file;
    } catch (Throwable e) {
      Cleanup.after(e, file::release);
      throw e;
    }
  }

  /** Takes over a batch, which has been filled. */
  static LoadedFile of(int index, TensorBatch batch) {
    Map<String, Piece> pieces = HashMap.newHashMap(batch.pieces().size());
    batch.pieces().forEach(piece -> pieces.put(piece.spec().name(), piece));
    return new LoadedFile(index, List.of(batch.memory()), pieces);
  }

  private static void addPieces(
      FilePlan plan,
      String backend,
      List<Region> regions,
      IdentityHashMap<DeviceBuffer, Memory> memories,
      Map<String, Piece> pieces) {
    if (regions.size() != plan.tensors().size()) {
      throw broken(
          plan, backend, regions.size() + " regions for " + plan.tensors().size() + " tensors");
    }
    for (int i = 0; i < regions.size(); i++) {
      WantedPart part = plan.tensors().get(i);
      Region region = regions.get(i);
      Memory memory = memories.get(region.buffer());
      if (memory == null || !holds(region, plan.ranges().ranges().get(i))) {
        throw broken(plan, backend, region + " for tensor " + part.entry().info());
      }
      pieces.put(part.name(), new Piece(TensorSpec.of(part), memory, region));
    }
  }

  private static boolean holds(Region region, ByteRange range) {
    return region.isContiguous() && region.bytes() == range.size();
  }

  private static IllegalStateException broken(FilePlan plan, String backend, String answer) {
    return BackendSession.broken(backend, plan.path(), "await returned " + answer, null);
  }

  /**
   * Replaces tensors by converted ones in memory of their own; without tensors that stay where they
   * are, the memory from before is let go.
   */
  void convert(SharedContext context, List<WantedPart> parts, Conversion conversion)
      throws LoadException {
    List<WantedPart> moved = conversion.moved(parts);
    List<Piece> sources = moved.stream().map(part -> piece(part.entry())).toList();
    List<DType> types = moved.stream().map(part -> conversion.target(part.entry().info())).toList();
    List<Memory> before = List.copyOf(held);
    TensorBatch batch = TensorBatch.copy(context, sources, types);
    held.add(batch.memory());
    batch.pieces().forEach(piece -> pieces.put(piece.spec().name(), piece));
    if (moved.size() == parts.size()) {
      release(before);
    }
  }

  /** Returns the memory that it has. */
  synchronized List<Memory> memories() {
    return List.copyOf(held);
  }

  /** Returns the file's number in the catalog. */
  int index() {
    return index;
  }

  /** Tells whether it has a tensor. */
  boolean has(CatalogEntry entry) {
    return pieces.containsKey(entry.info().name());
  }

  /** Returns where one of its tensors is. */
  Piece piece(CatalogEntry entry) {
    return Objects.requireNonNull(pieces.get(entry.info().name()), () -> "no " + entry.info());
  }

  /** Returns where all of its tensors are. */
  Collection<Piece> pieces() {
    return pieces.values();
  }

  /** Keeps the memory while the calling thread works on it. */
  <T> T using(LostPages.Work<T, LoadException> work) throws LoadException {
    List<Memory> memories = List.copyOf(held);
    try (Memory.Use _ = Memory.useAll(memories)) {
      return LostPages.named(memories, work);
    }
  }

  /** Returns how much memory is held. */
  synchronized long bytes() {
    return held.stream().mapToLong(memory -> memory.buffer().size()).sum();
  }

  /**
   * Ends all views and lets go of the memory; a second call goes on with what the first could not
   * free.
   *
   * @throws IllegalStateException if an I/O operation of the JDK is using some of the memory
   */
  synchronized void release() {
    release(List.copyOf(held));
  }

  private void release(List<Memory> memories) {
    memories.forEach(Memory::endViews);
    Cleanup.each(
        memories,
        memory -> {
          memory.release();
          held.remove(memory);
        });
  }
}
