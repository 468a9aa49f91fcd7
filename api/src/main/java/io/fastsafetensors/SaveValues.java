// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The values of {@link SaveOptions} and of their builder: each has a copy of its own. */
final class SaveValues implements Cloneable {
  /** As Hugging Face's tools have it. */
  private static final long SHARD_BYTES = 5_000_000_000L;

  private static final ProgressListener SILENT = (done, total) -> {};

  long maxShardBytes = SHARD_BYTES;
  Map<String, String> metadata = Map.of();
  DTypeRules dtypes = DTypeRules.NONE;
  List<String> replicated = List.of();
  int threads;
  long memory = 128L << 20;
  DirectMode direct = DirectMode.AUTO;
  Duration timeout = Duration.ofHours(1);
  ProgressListener progress = SILENT;
  @Nullable Cancellation cancellation;

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
    all.put("dtype", dtypes.all());
    all.put("dtypeRules", dtypes.byName());
    all.put("replicated", replicated);
    all.put("threads", threads);
    all.put("memory", memory);
    all.put("direct", direct);
    all.put("timeout", timeout);
    return all;
  }
}
