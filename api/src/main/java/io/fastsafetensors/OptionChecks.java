// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.internal.text.Utf8;
import io.fastsafetensors.toolkit.text.Amounts;
import java.time.Duration;

/** What values options may have. */
final class OptionChecks {
  private OptionChecks() {}

  /** An integer type for whole checkpoints is a slip: of most weights nothing would be left. */
  static void floatingPoint(DType dtype) {
    if (!dtype.isFloatingPoint()) {
      throw new IllegalArgumentException(
          ("dtype %s is no floating-point type, so that it can't be for all tensors: name those that"
                  + " are to be %s, as in dtype(\"layers.*\", %s) or --dtype 'layers.*=%s'")
              .formatted(dtype, dtype, dtype, dtype));
    }
  }

  static void blockBytes(long bytes) {
    if (bytes != 0) {
      range("blockBytes", bytes, 4096, 1 << 30);
    }
  }

  static void alignment(long bytes) {
    range("alignment", bytes, 0, 4096);
    if (Long.bitCount(bytes) > 1) {
      throw new IllegalArgumentException("alignment " + bytes + " is not a power of two");
    }
  }

  static void timeout(Duration timeout) {
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException(
          "timeout " + Amounts.duration(timeout) + ": want more than nothing");
    }
  }

  static void notEmpty(String... globs) {
    if (globs.length == 0) {
      throw new IllegalArgumentException(
          "filter() without a glob: want one or more, or \"*\" for all tensors");
    }
  }

  /** A mapping is the page cache, which direct reads go past. */
  static void together(AccessPath path, DirectMode direct) {
    if (path == AccessPath.MAPPED && direct == DirectMode.ON) {
      throw new IllegalArgumentException(
          "path MAPPED and direct ON contradict each other: a mapping is the page cache, which direct"
              + " reads go past; leave one of them out, in the program or where it is set from"
              + " outside");
    }
  }

  static void metadata(String key, String value) {
    if (!Utf8.isWellFormed(key) || !Utf8.isWellFormed(value)) {
      throw new IllegalArgumentException(
          "metadata %s: half of a surrogate pair has no UTF-8 form"
              .formatted(Printable.quote(key)));
    }
  }

  static void range(String what, long value, long min, long max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(what + " " + value + ": want " + min + " to " + max);
    }
  }
}
