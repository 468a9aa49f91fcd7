// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;

/** Books what tests open and close: everything exactly once, and nothing after its end. */
final class Ledger {
  private final List<Entry> entries = new ArrayList<>();

  /** A thing that was opened. */
  static final class Entry {
    private final String kind;
    private final long bytes;
    private int closes;

    private Entry(String kind, long bytes) {
      this.kind = kind;
      this.bytes = bytes;
    }

    synchronized void close() {
      closes++;
    }

    synchronized boolean isOpen() {
      return closes == 0;
    }

    void checkOpen() {
      if (!isOpen()) {
        throw new AssertionError(kind + " was used after its end");
      }
    }

    @Override
    public synchronized String toString() {
      return kind + " of " + bytes + " bytes, closed " + closes + " times";
    }
  }

  Entry open(String kind) {
    return open(kind, 0);
  }

  synchronized Entry open(String kind, long bytes) {
    Entry entry = new Entry(kind, bytes);
    entries.add(entry);
    return entry;
  }

  /** Counts all that were ever opened. */
  synchronized long opened(String kind) {
    return entries.stream().filter(e -> e.kind.equals(kind)).count();
  }

  /** Counts those that are open now. */
  synchronized long stillOpen(String... kinds) {
    return entries.stream().filter(e -> List.of(kinds).contains(e.kind) && e.isOpen()).count();
  }

  synchronized long openBytes() {
    return entries.stream().filter(Entry::isOpen).mapToLong(e -> e.bytes).sum();
  }

  synchronized long largest(String kind) {
    return entries.stream()
        .filter(e -> e.kind.equals(kind))
        .mapToLong(e -> e.bytes)
        .max()
        .orElse(0);
  }

  /** Checks that everything of some kinds, or of all if none is named, was closed exactly once. */
  synchronized void assertAllClosedOnce(String... kinds) {
    assertThat(entries)
        .filteredOn(e -> kinds.length == 0 || List.of(kinds).contains(e.kind))
        .allSatisfy(e -> assertThat(e.closes).as(e.toString()).isEqualTo(1));
  }
}
