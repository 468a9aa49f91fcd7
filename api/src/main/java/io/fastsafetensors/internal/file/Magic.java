// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.file;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Bytes that tell a format.
 *
 * @param offset where they are in the file
 * @param bytes the bytes
 * @param kind the format
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Magic(int offset, byte[] bytes, FileKind kind) {
  private static final String CONVERT = "convert it to safetensors";
  private static final String UNPACK = "unpack it first";
  private static final String PICKLE = CONVERT + ", as by safetensors.torch.save_file in Python";

  private static final List<Magic> ALL =
      List.of(
          of(
              0,
              "PK\3\4",
              "a zip archive, as of PyTorch (.pt, .bin), Keras or NumPy (.npz)",
              PICKLE),
          of(0, "PK\5\6", "an empty zip archive", "download it again"),
          of(0, "\u0080\2", "a Python pickle, as of older PyTorch (.pt, .bin)", PICKLE),
          of(0, "\u0080\3", "a Python pickle", PICKLE),
          of(0, "\u0080\4", "a Python pickle", PICKLE),
          of(0, "\u0080\5", "a Python pickle", PICKLE),
          of(0, "GGUF", "a GGUF file of llama.cpp", CONVERT + " or get the original weights"),
          of(0, "FUGG", "a big-endian GGUF file", CONVERT + " or get the original weights"),
          of(0, "lmgg", "a GGML file of llama.cpp", "get the original weights"),
          of(0, "fmgg", "a GGMF file of llama.cpp", "get the original weights"),
          of(0, "tjgg", "a GGJT file of llama.cpp", "get the original weights"),
          of(0, "algg", "a GGLA file of llama.cpp", "get the original weights"),
          of(0, "\u0089HDF\r\n\u001a\n", "an HDF5 file, as of Keras (.h5)", CONVERT),
          of(0, "\u0093NUMPY", "a NumPy array (.npy)", CONVERT),
          of(4, "TFL3", "a TensorFlow Lite model", CONVERT),
          of(0, "ARROW1", "an Arrow file", CONVERT),
          of(0, "PAR1", "a Parquet file", CONVERT),
          of(0, "SQLite format 3", "an SQLite database", "give the weights instead"),
          of(0, "%PDF-", "a PDF document", "give the weights instead"),
          of(0, "\u0089PNG", "a PNG image", "give the weights instead"),
          of(0, "\177ELF", "a program or library (ELF)", "give the weights instead"),
          of(257, "ustar", "a tar archive", UNPACK),
          of(0, "\u001f\u008b", "compressed by gzip", UNPACK),
          of(0, "(\u00b5/\u00fd", "compressed by zstd", UNPACK),
          of(0, "\u00fd7zXZ", "compressed by xz", UNPACK),
          of(0, "BZh", "compressed by bzip2", UNPACK),
          of(0, "\4\"M\30", "compressed by LZ4", UNPACK),
          of(0, "7z\u00bc\u00af'\u001c", "a 7z archive", UNPACK),
          of(0, "Rar!", "a RAR archive", UNPACK));

  private static Magic of(int offset, String bytes, String what, String remedy) {
    return new Magic(
        offset, bytes.getBytes(StandardCharsets.ISO_8859_1), new FileKind(what, remedy));
  }

  static List<Magic> all() {
    return ALL;
  }

  /** Returns whether a file that begins so is of the format. */
  boolean matches(byte[] start) {
    int end = offset + bytes.length;
    return end <= start.length && Arrays.equals(start, offset, end, bytes, 0, bytes.length);
  }
}
