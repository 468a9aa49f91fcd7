// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.Loader;
import io.fastsafetensors.StreamOptions;
import io.fastsafetensors.StreamedTensor;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorStream;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.TensorInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Compares a checkpoint with what it was made of.
 *
 * @param source has the tensors that were saved
 * @param tensors which ones, and their new names
 * @param options how they are read again
 */
record SavedTensors(Loader source, RenamedTensors tensors, StreamOptions options) {
  /** What is done with a tensor, or a piece, before it is hashed. */
  private interface Change {
    StreamedTensor of(StreamedTensor piece) throws LoadException;
  }

  /**
   * Reads both, and hashes all tensors.
   *
   * @throws IOException if a tensor is missing, is another, or can't be read
   */
  void compare(Path saved) throws IOException {
    try (Loader loader = Loader.open(saved)) {
      Map<String, DType> types = new HashMap<>();
      loader.tensors().forEach(tensor -> types.put(tensor.name(), tensor.dtype()));
      StreamOptions all =
          StreamOptions.builder()
              .window(options.window())
              .pieces(true)
              .heldTimeout(options.heldTimeout())
              .build();
      List<String> found = digests(loader, all, piece -> piece);
      List<String> wanted = digests(source, options, piece -> converted(piece, types));
      for (int i = 0; i < Math.max(found.size(), wanted.size()); i++) {
        String is = i < found.size() ? found.get(i) : "nothing";
        String want = i < wanted.size() ? wanted.get(i) : "nothing";
        if (!is.equals(want)) {
          throw new IOException(
              "%s: what was read again differs: it is '%s', not '%s'".formatted(saved, is, want));
        }
      }
    }
  }

  private static List<String> digests(Loader loader, StreamOptions options, Change change)
      throws IOException {
    int threads = Runtime.getRuntime().availableProcessors();
    try (TensorDigests digests =
            new TensorDigests(
                new TensorWorkers<>(threads, Short.MAX_VALUE, options.load().timeout()));
        TensorStream stream = loader.stream(options)) {
      for (Optional<StreamedTensor> next = stream.next(); next.isPresent(); next = stream.next()) {
        digests.add(change.of(next.get()));
      }
      return digests.lines();
    }
  }

  /** Makes of a tensor what was to be saved of it. */
  private StreamedTensor converted(StreamedTensor piece, Map<String, DType> types)
      throws LoadException {
    String name = tensors.newName(piece.name());
    TensorInfo info = piece.info();
    DType type = types.getOrDefault(name, info.dtype());
    Tensor tensor = piece.tensor();
    long offset = piece.offset() * type.bits() / info.dtype().bits();
    if (type != info.dtype()) {
      try (piece) {
        tensor = tensor.to(type);
      }
    }
    TensorInfo renamed = new TensorInfo(name, info.dtype(), info.shape(), info.begin(), info.end());
    return StreamedTensor.of(piece.file(), renamed, tensor, piece.shape(), offset, piece.isLast());
  }
}
