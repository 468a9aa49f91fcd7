// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import io.fastsafetensors.format.DType;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The values of {@link SaveOptions} and of their builder: each has a copy of its own. */
final class SaveValues implements Cloneable {
  /** As Hugging Face's tools have it. */
  private static final long SHARD_BYTES = 5_000_000_000L;

  private static final ProgressListener SILENT = (done, total) -> {};

  long maxShardBytes = SHARD_BYTES;
  Map<String, String> metadata = Map.of();
  Optional<DType> dtype = Optional.empty();
  List<DTypeRule> dtypeRules = List.of();
  List<String> replicated = List.of();
  int threads;
  long memory = 128L << 20;
  DirectMode direct = DirectMode.AUTO;
  Duration timeout = Duration.ofHours(1);
  ProgressListener progress = SILENT;
  @Nullable Cancellation cancellation;

  void add(DTypeRule rule) {
    dtypeRules = Stream.concat(dtypeRules.stream(), Stream.of(rule)).toList();
  }

  /** A shallow copy will do: what the fields refer to doesn't change. */
  SaveValues copy() {
    try {
      return (SaveValues) clone();
    } catch (CloneNotSupportedException e) {
      throw new AssertionError(e);
    }
  }

  /** Lists what counts for equality, by name. */
  Map<String, Object> compared() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("maxShardBytes", maxShardBytes);
    all.put("metadata", metadata);
    all.put("dtype", dtype);
    all.put("dtypeRules", dtypeRules);
    all.put("replicated", replicated);
    all.put("threads", threads);
    all.put("memory", memory);
    all.put("direct", direct);
    all.put("timeout", timeout);
    return all;
  }
}
