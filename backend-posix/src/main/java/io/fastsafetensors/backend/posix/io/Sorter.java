// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferPath;

/**
 * Chooses the way of each read of a file.
 *
 * @param file the file
 * @param mode what was asked for
 * @param known what is known of the whole file
 */
record Sorter(SourceFile file, DirectMode mode, Known known) {
  /** What is known of a whole file. */
  enum Known {
    /** It is mapped. */
    MAPPED,
    /** It is in the page cache. */
    CACHED,
    /** Nothing. */
    NOTHING
  }

  TransferPath path(FileRead read) {
    if (known == Known.MAPPED) {
      return TransferPath.MAPPED;
    }
    if (mode == DirectMode.ON && file.direct().descriptor() >= 0) {
      return TransferPath.DIRECT;
    }
    if (known == Known.CACHED || file.cache().holds(read.offset(), read.bytes())) {
      return TransferPath.CACHED;
    }
    return mode == DirectMode.AUTO && file.direct().descriptor() >= 0
        ? TransferPath.DIRECT
        : TransferPath.BUFFERED;
  }

  /** Says why storage was read the way it was. */
  String describe() {
    return mode == DirectMode.OFF ? "direct reads are off" : file.direct().describe();
  }
}
