// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.GatherPlan;
import io.fastsafetensors.internal.plan.Slice;
import io.fastsafetensors.internal.plan.WantedPart;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Memory for parts of a file whose rows are apart there: they are copied out of its chunks. */
final class RowTarget {
  private final GatherPlan plan;
  private final TensorBatch batch;
  private final Map<String, Integer> places = new HashMap<>();

  /**
   * Says where rows go.
   *
   * @param plan the parts
   * @param batch their memory, in the same order; it stays the caller's
   */
  RowTarget(GatherPlan plan, TensorBatch batch) {
    this.plan = plan;
    this.batch = batch;
    for (WantedPart part : plan.tensors()) {
      places.put(part.name(), places.size());
    }
  }

  GatherPlan plan() {
    return plan;
  }

  TensorBatch batch() {
    return batch;
  }

  /** Copies the rows of a chunk; returns when they are there. */
  RowTarget copy(FilesInFlight.Received chunk, SharedContext context) throws LoadException {
    context.run(stream -> copy(chunk.plan().tensors(), chunk.ranges().regions(), stream));
    return this;
  }

  private void copy(List<WantedPart> runs, List<Region> sources, DeviceStream stream)
      throws LoadException {
    for (int i = 0; i < runs.size(); i++) {
      Slice run = runs.get(i).slice();
      @Nullable Integer place = places.get(runs.get(i).name());
      if (place != null) {
        Gather.copy(
            plan.tensors().get(place).slice().within(run.begin(), run.end()),
            sources.get(i),
            run.begin(),
            batch.pieces().get(place).region(),
            stream);
      }
    }
  }
}
