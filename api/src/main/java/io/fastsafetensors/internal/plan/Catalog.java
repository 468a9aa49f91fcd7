// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.LoadException;
import io.fastsafetensors.TensorInfo;
import io.fastsafetensors.internal.format.Printable;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;

/** All tensors of all files of all ranks, by name; immutable. */
public final class Catalog {
  private final List<CatalogFile> files;
  private final Map<String, CatalogEntry> entries;

  private Catalog(List<CatalogFile> files, Map<String, CatalogEntry> entries) {
    this.files = files;
    this.entries = entries;
  }

  /**
   * Makes a catalog.
   *
   * @param files the files in the order of ranks, and within a rank as added
   * @return the catalog
   * @throws LoadException if two files have a tensor of the same name
   */
  public static Catalog of(List<CatalogFile> files) throws LoadException {
    Map<String, CatalogEntry> entries = new LinkedHashMap<>();
    for (CatalogFile file : files) {
      for (TensorInfo tensor : file.header().tensors()) {
        CatalogEntry other = entries.putIfAbsent(tensor.name(), new CatalogEntry(file, tensor));
        if (other != null) {
          throw new LoadException(
              "tensor %s is in two files, %s and %s: load them with separate loaders"
                  .formatted(
                      Printable.quote(tensor.name()),
                      other.file().source().path(),
                      file.source().path()));
        }
      }
    }
    return new Catalog(List.copyOf(files), Collections.unmodifiableMap(entries));
  }

  /**
   * Narrows the catalog to the tensors that a filter lets pass; files stay, also without tensors.
   */
  public Catalog filter(NameFilter filter) {
    Map<String, CatalogEntry> kept = new LinkedHashMap<>();
    entries.forEach((name, entry) -> {
      if (filter.test(name)) {
        kept.put(name, entry);
      }
    });
    return kept.size() == entries.size()
        ? this
        : new Catalog(files, Collections.unmodifiableMap(kept));
  }

  /** Returns all files, in the order of ranks. */
  public List<CatalogFile> files() {
    return files;
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
        .orElseThrow(() -> new NoSuchElementException("no file " + path + " was loaded"))
        .header()
        .metadata();
  }
}
