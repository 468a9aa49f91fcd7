// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Hashes the bytes of tensors of any size with a small heap. */
final class TensorDigest {
  /** Stays in the processor's cache; the JDK itself would copy native memory in 4 KiB pieces. */
  private static final int PIECE = 64 << 10;

  private TensorDigest() {}

  /** Returns the SHA-256 of a tensor's bytes, in hexadecimal. */
  static String sha256(Tensor tensor) throws LoadException {
    if (tensor.host().isPresent()) {
      return sha256(tensor.host().get());
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment staging = arena.allocate(tensor.byteSize());
      tensor.toHost(staging);
      return sha256(staging);
    }
  }

  private static String sha256(MemorySegment memory) {
    MessageDigest digest = newDigest();
    byte[] piece = new byte[PIECE];
    MemorySegment target = MemorySegment.ofArray(piece);
    for (long offset = 0; offset < memory.byteSize(); offset += PIECE) {
      int length = (int) Math.min(PIECE, memory.byteSize() - offset);
      MemorySegment.copy(memory, offset, target, 0, length);
      digest.update(piece, 0, length);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
