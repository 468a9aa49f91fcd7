// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferPath;

/**
 * Chooses the way of each read of a file.
 *
 * @param file the file
 * @param mode what was asked for
 * @param mapped whether the file is mapped
 * @param cached whether the file was found in the page cache as a whole
 */
record Sorter(SourceFile file, DirectMode mode, boolean mapped, boolean cached) {
  TransferPath path(FileRead read) {
    if (mapped) {
      return TransferPath.MAPPED;
    }
    if (mode == DirectMode.ON && file.direct().descriptor() >= 0) {
      return TransferPath.DIRECT;
    }
    if (cached || file.cache().holds(read.offset(), read.bytes())) {
      return TransferPath.CACHED;
    }
    return mode == DirectMode.AUTO && file.direct().descriptor() >= 0
        ? TransferPath.DIRECT
        : TransferPath.BUFFERED;
  }

  /** Tells whether reads of that way wait for storage, not for processors. */
  boolean usesStorage(TransferPath path) {
    return path != TransferPath.CACHED;
  }

  /** Says why storage was read the way it was. */
  String describe() {
    return mode == DirectMode.OFF ? "direct reads are off" : file.direct().describe();
  }
}
