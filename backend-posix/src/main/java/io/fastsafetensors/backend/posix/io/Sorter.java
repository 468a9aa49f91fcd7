// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.DirectMode;
import io.fastsafetensors.TransferPath;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the way of each read of a file.
 *
 * @param file the file
 * @param mode what was asked for
 * @param mapped whether the file is mapped
 * @param cached whether the file was found in the page cache as a whole
 */
record Sorter(PosixFile file, DirectMode mode, boolean mapped, boolean cached) {
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

  /** Tells whether reads may pass the page cache, as far as known. */
  boolean mayReadDirectly() {
    return switch (mode) {
      case ON -> file.direct().isAllowed();
      case AUTO -> !cached && file.direct().isAllowed() && objection() == null;
      case OFF -> false;
    };
  }

  /**
   * Returns why reads don't pass the page cache unless asked to; null if nothing speaks against it.
   * To read from the disk again what is in memory costs most. And a process can't end before its
   * direct reads of FUSE do, where a read by way of the page cache lets it go.
   */
  private @Nullable String objection() {
    if (!file.cache().isSeen()) {
      return "what is cached isn't seen";
    }
    return file.cache().isBehindProgram() ? "a program serves the file, and could hang" : null;
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
    @Nullable String objection = mode == DirectMode.AUTO ? objection() : null;
    return objection == null ? file.direct().describe() : "not direct: " + objection;
  }
}
