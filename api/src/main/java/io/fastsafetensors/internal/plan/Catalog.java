// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.text.Printable;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.function.Predicate;

/** All tensors of all files of all ranks, by name; immutable. */
public final class Catalog {
  private final List<CatalogFile> files;
  private final Map<String, CatalogEntry> entries;
  private final Map<String, CatalogEntry> unfiltered;

  private Catalog(
      List<CatalogFile> files,
      Map<String, CatalogEntry> entries,
      Map<String, CatalogEntry> unfiltered) {
    this.files = files;
    this.entries = entries;
    this.unfiltered = unfiltered;
  }

  /**
   * Makes a catalog.
   *
   * @param files the files in the order of ranks, and within a rank as added
   * @param indexes what decides, of a tensor that several files have, whose counts
   * @return the catalog
   * @throws LoadException if two files have a tensor of the same name, and no index names one
   */
  public static Catalog of(List<CatalogFile> files, List<CheckpointIndex> indexes)
      throws LoadException {
    Map<String, CatalogEntry> entries = new LinkedHashMap<>();
    for (CatalogFile file : files) {
      for (TensorInfo tensor : file.header().tensors()) {
        CatalogEntry entry = new CatalogEntry(file, tensor);
        CatalogEntry other = entries.putIfAbsent(tensor.name(), entry);
        if (other != null) {
          entries.put(tensor.name(), chosen(other, entry, indexes));
        }
      }
    }
    Map<String, CatalogEntry> all = Collections.unmodifiableMap(entries);
    return new Catalog(List.copyOf(files), all, all);
  }

  private static CatalogEntry chosen(
      CatalogEntry one, CatalogEntry other, List<CheckpointIndex> indexes) throws LoadException {
    String name = one.info().name();
    Path first = one.file().source().path();
    Path second = other.file().source().path();
    for (CheckpointIndex index : indexes) {
      Path listed = index.shardByTensor().get(name);
      boolean names = first.equals(listed) || second.equals(listed);
      if (names && isBeside(index, first) && isBeside(index, second)) {
        return first.equals(listed) ? one : other;
      }
    }
    throw new LoadException(
        "tensor %s is in two files, %s and %s: give the one that you want instead of the folder, or load each with a loader of its own"
            .formatted(Printable.quote(name), first, second));
  }

  /** An index says nothing of files of other checkpoints. */
  private static boolean isBeside(CheckpointIndex index, Path file) {
    return normal(file).startsWith(normal(index.path()).getParent());
  }

  private static Path normal(Path path) {
    return path.toAbsolutePath().normalize();
  }

  /**
   * Narrows the catalog to the tensors that a filter lets pass; files stay, also without tensors.
   *
   * @throws IllegalArgumentException if a glob of the filter matches no tensor; it names the
   *     nearest
   */
  public Catalog filter(NameFilter filter) {
    filter
        .fault(entries.keySet())
        .ifPresent(fault -> {
          throw new IllegalArgumentException("filter: " + fault);
        });
    return keep(entry -> filter.test(entry.info().name()));
  }

  /** Narrows the catalog to some tensors, each asked for once and in order; files stay. */
  Catalog keep(Predicate<CatalogEntry> wanted) {
    Map<String, CatalogEntry> kept = new LinkedHashMap<>();
    entries.forEach((name, entry) -> {
      if (wanted.test(entry)) {
        kept.put(name, entry);
      }
    });
    return kept.size() == entries.size()
        ? this
        : new Catalog(files, Collections.unmodifiableMap(kept), unfiltered);
  }

  /** Narrows the catalog to some of its entries, in their order; files stay. */
  Catalog only(List<CatalogEntry> kept) {
    Map<String, CatalogEntry> byName = LinkedHashMap.newLinkedHashMap(kept.size());
    kept.forEach(entry -> byName.put(entry.info().name(), entry));
    return new Catalog(files, Collections.unmodifiableMap(byName), unfiltered);
  }

  /** Returns all files, in the order of ranks. */
  public List<CatalogFile> files() {
    return files;
  }

  /** Returns the headers of all files, in the order of ranks. */
  public List<SafetensorsHeader> headers() {
    return files.stream().map(CatalogFile::header).toList();
  }

  /** Returns what the files say of all tensors, in the order of ranks, files and bytes. */
  public List<TensorInfo> tensors() {
    return entries.values().stream().map(CatalogEntry::info).toList();
  }

  /** Returns all names, in the order of ranks, files and bytes. */
  public Set<String> keys() {
    return entries.keySet();
  }

  /** Returns all entries, in the order of ranks, files and bytes. */
  public Collection<CatalogEntry> entries() {
    return entries.values();
  }

  /**
   * Finds a tensor.
   *
   * @throws NoSuchElementException if there is none; it names the nearest
   */
  public CatalogEntry get(String name) {
    CatalogEntry entry = entries.get(name);
    if (entry == null && unfiltered.containsKey(name)) {
      throw new NoSuchElementException(
          "tensor %s was left out by the load's filter or selection; %s has it"
              .formatted(Printable.quote(name), unfiltered.get(name).file().source().path()));
    }
    if (entry == null) {
      throw new NoSuchElementException(
          "no tensor " + Printable.quote(name) + NearestNames.hint(name, entries.keySet()));
    }
    return entry;
  }

  /**
   * Finds a file's metadata.
   *
   * @throws NoSuchElementException if there is no such file
   */
  public Map<String, String> metadata(Path path) {
    return files.stream()
        .filter(file -> file.source().path().equals(path))
        .findFirst()
        .orElseThrow(
            () -> new NoSuchElementException("no file " + path + " was loaded" + hint(path)))
        .header()
        .metadata();
  }

  private String hint(Path path) {
    return NearestNames.hint(
        path.toString(), files.stream().map(file -> file.source().path().toString()).toList());
  }
}
