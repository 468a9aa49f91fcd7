// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.testkit.SampleFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * Files of tensors that begin at every place a header can leave them at, and the digests that their
 * tensors have.
 *
 * @param folder where the files are
 * @param digests the SHA-256 of each tensor, by its name
 */
record Checkpoint(Path folder, Map<String, String> digests) {
  private static final int RESIDUES = 16;
  private static final int[] SIZES = {0, 1, 511, 512, 4095, 4096, 4097, (1 << 20) + 3};

  static Checkpoint write(Path folder) throws IOException {
    Map<String, String> digests = new TreeMap<>();
    for (int residue = 0; residue < RESIDUES; residue++) {
      write(folder.resolve(residue + ".safetensors"), residue, digests);
    }
    return new Checkpoint(folder, digests);
  }

  private static void write(Path path, int residue, Map<String, String> digests)
      throws IOException {
    StringBuilder header = new StringBuilder("{");
    int end = 0;
    SampleFile bytes = new SampleFile(path, Integer.MAX_VALUE, residue);
    for (int size : SIZES) {
      String name = "residue" + residue + ".size" + size;
      digests.put(name, digest(ByteBuffer.wrap(bytes.expected(new ByteRange(end, end + size)))));
      header
          .append(end == 0 && size == 0 ? "" : ",")
          .append(
              "\"%s\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[%d,%d]}"
                  .formatted(name, size, end, end + size));
      end += size;
    }
    header.append('}');
    while ((Long.BYTES + header.length()) % RESIDUES != residue) {
      header.append(' ');
    }
    ByteBuffer file =
        ByteBuffer.allocate(Long.BYTES + header.length() + end).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(header.length());
    file.put(header.toString().getBytes(StandardCharsets.US_ASCII));
    file.put(bytes.expected(new ByteRange(0, end)));
    Files.write(path, file.array());
  }

  static String digest(ByteBuffer bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(bytes);
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
