// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.DType;
import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.LoadException;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.TensorInfo;
import io.fastsafetensors.internal.engine.LoadedFile.Place;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.CatalogEntry;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Converts what was loaded, file by file, so that a file's bytes are free before the next one. */
final class LoadConversion {
  private LoadConversion() {}

  /**
   * Checks every tensor of every rank before anything is read.
   *
   * @throws IllegalArgumentException if a tensor can't be converted
   */
  static void check(Catalog wanted, DType to, DeviceContext context) {
    for (CatalogEntry entry : wanted.entries()) {
      TensorInfo tensor = entry.info();
      if (to.bits() > tensor.dtype().bits()) {
        throw new IllegalArgumentException(
            ("tensor %s can't be converted to the larger %s while loading: ask for %s when getting"
                    + " the tensor, or leave it out by a filter")
                .formatted(tensor, to, to));
      }
      checkPair(tensor.toString(), tensor.dtype(), to, context);
    }
  }

  /** Checks one pair. */
  static void checkPair(String tensor, DType from, DType to, DeviceContext context) {
    if (from != to && !context.canConvert(from, to)) {
      throw new IllegalArgumentException(
          "tensor %s: device %s has no conversion from %s to %s"
              .formatted(tensor, context.device(), from, to));
    }
  }

  /** Returns the budget that is left for reading when the converted tensors have their share. */
  static long remainingBudget(Device device, LoadPlan plan, LoadOptions options)
      throws DeviceMemoryException {
    if (options.dtype().isEmpty() || options.memoryBudget() == Long.MAX_VALUE) {
      return options.memoryBudget();
    }
    DType to = options.dtype().get();
    long converted = 0;
    for (FilePlan file : plan.files()) {
      converted = Math.addExact(converted, layout(file, to).size());
    }
    if (converted >= options.memoryBudget()) {
      throw new DeviceMemoryException(
          device,
          converted,
          options.memoryBudget(),
          "the memory budget is smaller than the tensors as " + to + ": raise it",
          null);
    }
    return options.memoryBudget() - converted;
  }

  private static Layout layout(FilePlan file, DType to) {
    return Layout.of(file.tensors(), entry -> to.byteSize(entry.info().shape().elements()));
  }

  /** Converts a file's tensors and lets go of their old memory, also after a failure. */
  static LoadedFile convert(SharedContext context, FilePlan plan, LoadedFile file, DType to)
      throws LoadException {
    if (plan.tensors().stream().allMatch(entry -> entry.info().dtype() == to)) {
      return file;
    }
    try {
      Layout layout = layout(plan, to);
      Memory memory = Memory.allocate(context, layout.size());
      try {
        return convert(context, plan, file, to, layout, memory);
      } catch (LoadException | RuntimeException | Error e) {
        memory.release();
        throw e;
      }
    } finally {
      file.release();
    }
  }

  private static LoadedFile convert(
      SharedContext context, FilePlan plan, LoadedFile file, DType to, Layout layout, Memory memory)
      throws LoadException {
    Map<String, Place> places = new HashMap<>();
    context.run(stream -> {
      for (int i = 0; i < plan.tensors().size(); i++) {
        TensorInfo tensor = plan.tensors().get(i).info();
        long bytes = to.byteSize(tensor.shape().elements());
        Region target = Region.of(memory.buffer(), layout.offset(i), bytes);
        places.put(tensor.name(), new Place(memory, target));
        Place source = file.places().get(tensor.name());
        if (bytes > 0 && source != null) {
          convert(stream, source.region(), tensor.dtype(), target, to);
        }
      }
    });
    return new LoadedFile(List.of(memory), places, file.report());
  }

  /** Converts or, if the types are the same, copies. */
  static void convert(DeviceStream stream, Region source, DType from, Region target, DType to)
      throws LoadException {
    if (from == to) {
      stream.copy(source, target);
    } else {
      stream.convert(source, from, target, to);
    }
  }
}
