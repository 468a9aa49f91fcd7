// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.util.List;

/**
 * Bytes of a file that are read in one go.
 *
 * @param way how they get to the device
 * @param offset where they start in the file
 * @param bytes how many, all of them in the file
 * @param parts where they go: for {@link Way#STRAIGHT} all of them to one place, else one part of
 *     them or several
 */
record Read(Way way, long offset, long bytes, List<Span> parts) {
  /** How bytes get to the device. */
  enum Way {
    /** By cuFile to their place: whole pages that go to whole pages. */
    STRAIGHT("straight"),
    /** By cuFile to scratch memory of the device, from there to their place. */
    SCRATCH("by way of scratch memory"),
    /** By the page cache to pinned memory of the host, from there to their place. */
    STAGED("staged");

    private final String text;

    Way(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
