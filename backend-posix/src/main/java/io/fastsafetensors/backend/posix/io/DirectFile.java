// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.FileFacts.DirectRules;
import io.fastsafetensors.backend.posix.libc.Libc;
import org.jspecify.annotations.Nullable;

/**
 * A file's way past the page cache: a second descriptor, opened when first needed. Whether the file
 * system has such a way is found out once. Thread-safe.
 */
final class DirectFile implements AutoCloseable {
  private static final int UNOPENED = -1;
  private static final int REFUSED = -2;

  private final Libc libc;
  private final int file;
  private final DirectRules rules;
  private int descriptor = UNOPENED;
  private volatile @Nullable String refusal;

  DirectFile(Libc libc, int file, DirectRules rules) {
    this.libc = libc;
    this.file = file;
    this.rules = rules;
    if (!rules.allowed()) {
      refuse("the file system has no direct reads");
    }
  }

  /** Returns the descriptor; negative if there is no such way. */
  synchronized int descriptor() {
    if (descriptor == UNOPENED && isAllowed()) {
      int answer = libc.reopenDirect(file);
      if (answer < 0) {
        refuse("open with O_DIRECT: " + Errno.name(-answer));
      }
      descriptor = answer < 0 ? REFUSED : answer;
    }
    return isAllowed() ? descriptor : REFUSED;
  }

  /** Notes why there is no such way after all. */
  void refuse(String why) {
    refusal = why;
  }

  /** Tells whether the way is, as far as known, open. */
  boolean isAllowed() {
    return refusal == null;
  }

  /** Tells whether a read keeps the rules. */
  boolean fits(long address, long offset, long bytes) {
    return address % rules.memory() == 0 && (offset | bytes) % rules.offset() == 0;
  }

  /** Returns what offsets in the file, and lengths, are multiples of. */
  long grain() {
    return rules.offset();
  }

  /** Returns what addresses are multiples of. */
  long memoryGrain() {
    return rules.memory();
  }

  /** Says how direct reads work here, or why they don't. */
  String describe() {
    String why = refusal;
    return why == null ? "direct reads of multiples of " + rules.offset() : "not direct: " + why;
  }

  @Override
  public synchronized void close() {
    if (descriptor >= 0) {
      libc.close(descriptor);
    }
    descriptor = REFUSED;
  }
}
