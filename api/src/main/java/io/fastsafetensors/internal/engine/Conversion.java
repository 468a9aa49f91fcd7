// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.DType;
import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.TensorInfo;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.CatalogEntry;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.spi.DeviceContext;

/** What may be converted, and what it takes. */
final class Conversion {
  private Conversion() {}

  /**
   * Checks every tensor of every rank before anything is read.
   *
   * @throws IllegalArgumentException if a tensor can't be converted while loading
   */
  static void checkAll(Catalog wanted, DType to, DeviceContext context) {
    for (CatalogEntry entry : wanted.entries()) {
      TensorInfo tensor = entry.info();
      if (to.bits() > tensor.dtype().bits()) {
        throw new IllegalArgumentException(
            ("tensor %s can't be converted to the larger %s while loading: ask for %s when getting"
                    + " the tensor, or leave it out by a filter")
                .formatted(tensor, to, to));
      }
      check(new TensorSpec(tensor.name(), tensor.dtype(), tensor.shape()), to, context);
    }
  }

  /**
   * Checks one tensor.
   *
   * @throws IllegalArgumentException if the device doesn't know the conversion
   */
  static void check(TensorSpec tensor, DType to, DeviceContext context) {
    if (tensor.dtype() != to && !context.canConvert(tensor.dtype(), to)) {
      throw new IllegalArgumentException(
          "tensor %s: device %s has no conversion from %s to %s"
              .formatted(tensor, context.device(), tensor.dtype(), to));
    }
  }

  /** Tells whether a file has a tensor to convert. */
  static boolean isNeeded(FilePlan file, DType to) {
    return file.tensors().stream().anyMatch(entry -> entry.info().dtype() != to);
  }

  /**
   * Returns the budget that is left for reading when the converted tensors have their share.
   *
   * @throws DeviceMemoryException if nothing is left
   */
  static long remainingBudget(LoadPlan plan, LoadOptions options, Device device)
      throws DeviceMemoryException {
    if (options.dtype().isEmpty() || options.memoryBudget() == Long.MAX_VALUE) {
      return options.memoryBudget();
    }
    DType to = options.dtype().get();
    long converted = convertedBytes(plan, options);
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

  /** Returns what all converted files take; 0 if nothing is converted. */
  static long convertedBytes(LoadPlan plan, LoadOptions options) {
    return options.dtype().map(to -> bytes(plan, to, true)).orElse(0L);
  }

  /** Returns what the files take that need no conversion; 0 if nothing is converted. */
  static long unconvertedBytes(LoadPlan plan, LoadOptions options) {
    return options.dtype().map(to -> bytes(plan, to, false)).orElse(0L);
  }

  private static long bytes(LoadPlan plan, DType to, boolean needed) {
    return plan.files().stream()
        .filter(file -> isNeeded(file, to) == needed)
        .mapToLong(file -> needed ? convertedBytes(file, to) : file.bytes())
        .reduce(0, Math::addExact);
  }

  private static long convertedBytes(FilePlan file, DType to) {
    return Layout.of(file.tensors(), entry -> to.byteSize(entry.info().shape().elements())).size();
  }
}
