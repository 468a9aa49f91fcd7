// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The values of {@link LoadOptions} and of their builder: each has a copy of its own. */
final class LoadValues implements Cloneable {
  private static final ProgressListener SILENT = (done, total) -> {};

  DTypeRules dtypes = DTypeRules.NONE;
  Optional<String> backend = Optional.empty();
  AccessPath path = AccessPath.AUTO;
  boolean writable;
  DirectMode direct = DirectMode.AUTO;
  int threads;
  long blockBytes;
  long alignment;
  long memoryBudget = Long.MAX_VALUE;
  List<String> filters = List.of();
  @Nullable Selection selection;
  Distribution distribution = Distribution.AUTO;
  boolean cache;
  Duration timeout = Duration.ofHours(1);
  ProgressListener progress = SILENT;
  @Nullable Cancellation cancellation;
  Map<String, String> properties = Map.of();

  /** A shallow copy will do: what the fields refer to doesn't change. */
  LoadValues copy() {
    try {
      LoadValues copy = (LoadValues) clone();
      copy.dtypes = dtypes.owned();
      return copy;
    } catch (CloneNotSupportedException e) {
      throw new AssertionError(e);
    }
  }

  /** Lists what counts for equality, by name. */
  Map<String, Object> compared() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("dtype", dtypes.all());
    all.put("dtypeRules", dtypes.byName());
    all.put("backend", backend);
    all.put("path", path);
    all.put("writable", writable);
    all.put("direct", direct);
    all.put("threads", threads);
    all.put("blockBytes", blockBytes);
    all.put("alignment", alignment);
    all.put("memoryBudget", memoryBudget);
    all.put("filters", filters);
    all.put("selection", Optional.ofNullable(selection));
    all.put("distribution", distribution);
    all.put("cache", cache);
    all.put("timeout", timeout);
    all.put("properties", properties);
    return all;
  }

  /** Some values of properties are secret. */
  @Override
  public String toString() {
    Map<String, Object> shown = compared();
    shown.put("properties", properties.keySet());
    return shown.toString();
  }
}
