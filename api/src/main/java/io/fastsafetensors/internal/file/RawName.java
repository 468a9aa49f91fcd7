// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Names of files for native functions. */
public final class RawName {
  private RawName() {}

  /**
   * Makes a name of the name's own bytes: a string in the encoding of the process may have lost
   * some.
   *
   * @param file the file
   * @param allocator where the name is put
   * @return the name, ended by a zero
   */
  public static MemorySegment of(Path file, SegmentAllocator allocator) {
    String raw = file.toUri().getRawPath().replace("+", "%2B"); // else taken for a space
    return allocator.allocateFrom(
        URLDecoder.decode(raw, StandardCharsets.ISO_8859_1), StandardCharsets.ISO_8859_1);
  }
}
