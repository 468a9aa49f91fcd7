// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.benchmarks;

import io.fastsafetensors.Part;
import io.fastsafetensors.Selection;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.format.TensorInfo;
import java.util.ArrayList;
import java.util.List;

/** What each rank wants of every tensor. */
enum PartsWant {
  /** Its share of the rows. */
  ROWS(0),
  /** Its share of the columns; all of a tensor that has none. */
  COLUMNS(1),
  /** All. */
  WHOLE(Integer.MAX_VALUE);

  private static final int BLOCK = 1 << 20;

  private final int dim;

  PartsWant(int dim) {
    this.dim = dim;
  }

  private boolean cuts(Shape shape) {
    return dim < shape.dimensions();
  }

  Selection selection() {
    return Selection.of(this == WHOLE ? Part.whole() : Part.shard(dim));
  }

  /**
   * Bytes of a file that are in one piece.
   *
   * @param file the number of the file
   * @param offset where they are in it
   * @param bytes how many
   * @param target where they are to go among all of a rank's bytes
   */
  record Piece(int file, long offset, long bytes, long target) {}

  /** Returns what a rank wants of files, none larger than a block. */
  List<Piece> pieces(List<SafetensorsHeader> files, int rank, int ranks) {
    List<Piece> pieces = new ArrayList<>();
    for (int file = 0; file < files.size(); file++) {
      for (TensorInfo tensor : files.get(file).tensors()) {
        add(pieces, file, files.get(file).dataOffset(), tensor, rank, ranks);
      }
    }
    return pieces;
  }

  /** A tensor is rows of equal bytes, of which a rank wants the same share of each. */
  private void add(
      List<Piece> pieces, int file, long data, TensorInfo tensor, int rank, int ranks) {
    Shape shape = tensor.shape();
    long rows = 1;
    for (int i = 0; cuts(shape) && i < dim; i++) {
      rows *= shape.dim(i);
    }
    long row = tensor.byteSize() / rows;
    long size = cuts(shape) ? shape.dim(dim) : 1;
    long share = cuts(shape) ? Math.ceilDiv(size, ranks) : size;
    long from = cuts(shape) ? Math.min(rank * share, size) * (row / size) : 0;
    long to = cuts(shape) ? Math.min((rank + 1) * share, size) * (row / size) : row;
    for (long i = 0; i < rows; i++) {
      long begin = data + tensor.begin() + i * row;
      for (long at = from; at < to; at += BLOCK) {
        long bytes = Math.min(BLOCK, to - at);
        pieces.add(new Piece(file, begin + at, bytes, end(pieces)));
      }
    }
  }

  /** Returns how many bytes pieces have. */
  static long end(List<Piece> pieces) {
    return pieces.isEmpty() ? 0 : pieces.getLast().target() + pieces.getLast().bytes();
  }
}
