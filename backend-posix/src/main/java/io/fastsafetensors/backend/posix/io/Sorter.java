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
    return mayReadDirectly() && file.direct().descriptor() >= 0
        ? TransferPath.DIRECT
        : TransferPath.BUFFERED;
  }

  /**
   * Tells whether reads may pass the page cache, as far as known. Where nobody knows what that has
   * they don't unless asked to: to read from the disk again what is in memory costs most.
   */
  boolean mayReadDirectly() {
    return switch (mode) {
      case ON -> file.direct().isAllowed();
      case AUTO -> !cached && file.direct().isAllowed() && file.cache().isSeen();
      case OFF -> false;
    };
  }

  /** Tells whether reads of that way wait for storage, not for processors. */
  boolean usesStorage(TransferPath path) {
    return path != TransferPath.CACHED;
  }

  /** Says why storage was read the way it was. */
  String describe() {
    if (mode == DirectMode.OFF) {
      return "direct reads are off";
    }
    return mode == DirectMode.AUTO && !file.cache().isSeen()
        ? "not direct: what is cached isn't seen"
        : file.direct().describe();
  }
}
