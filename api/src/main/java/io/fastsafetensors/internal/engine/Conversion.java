// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.ConversionReport;
import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.LoadEvent;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.TensorInfo;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.CatalogEntry;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.GatherPlan;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.internal.plan.WantedPart;
import io.fastsafetensors.spi.DeviceContext;
import java.util.List;
import java.util.stream.Stream;

/** What is converted while loading, and what that takes; immutable. */
final class Conversion {
  private final List<ConversionRule> rules;

  private Conversion(List<ConversionRule> rules) {
    this.rules = rules;
  }

  /**
   * Makes what options ask for of it.
   *
   * @param all the tensors of all files, also of those that aren't wanted
   * @throws IllegalArgumentException if a rule matches none of them
   */
  static Conversion of(LoadOptions options, Catalog all) {
    List<ConversionRule> rules = ConversionRule.of(options.dtypeRules(), options.dtype());
    rules.forEach(rule -> rule.checkMatches(all.keys()));
    return new Conversion(rules);
  }

  /** Tells whether no conversion was asked for. */
  boolean isNone() {
    return rules.isEmpty();
  }

  /** Returns the type that a tensor has in memory. */
  DType target(TensorInfo tensor) {
    return choice(tensor).to();
  }

  private ConversionRule.Choice choice(TensorInfo tensor) {
    return ConversionRule.choice(rules, tensor.name(), tensor.dtype());
  }

  private boolean isConverted(WantedPart part) {
    return target(part.entry().info()) != part.dtype();
  }

  /**
   * Checks every tensor of every rank before anything is read.
   *
   * @throws IllegalArgumentException if a tensor can't be converted while loading
   */
  void checkAll(Catalog wanted, SharedContext context) {
    if (isNone()) {
      return;
    }
    DeviceContext attached = context.attached();
    for (CatalogEntry entry : wanted.entries()) {
      TensorInfo tensor = entry.info();
      DType to = target(tensor);
      if (to.bits() > tensor.dtype().bits()) {
        throw new IllegalArgumentException(
            ("tensor %s can't be converted to the larger %s while loading: ask for %s when getting"
                    + " the tensor, or leave it as it is by a rule, or out by a filter")
                .formatted(tensor, to, to));
      }
      check(new TensorSpec(tensor.name(), tensor.dtype(), tensor.shape()), to, attached);
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

  /** Tells that parts of a file were converted. */
  static void tell(LoadEvents events, List<WantedPart> parts, long nanos) {
    events.done(
        LoadEvent.Kind.CONVERSION,
        parts.getFirst().entry().file().source().path(),
        bytes(parts),
        nanos);
  }

  /** Tells whether there is a tensor to convert among those of a file. */
  boolean isNeeded(List<WantedPart> parts) {
    return !isNone() && parts.stream().anyMatch(this::isConverted);
  }

  /**
   * Returns which of a file's parts get memory of their own: those that are converted; and the
   * others, too, if they are so small that it takes less to copy them than to keep what was read.
   */
  List<WantedPart> moved(List<WantedPart> parts) {
    List<WantedPart> converted = parts.stream().filter(this::isConverted).toList();
    return bytes(parts) - bytes(converted) < bytes(converted) ? parts : converted;
  }

  private static long bytes(List<WantedPart> parts) {
    return parts.stream().mapToLong(WantedPart::bytes).reduce(0, Math::addExact);
  }

  /**
   * Returns the budget that is left for reading when what is converted, and rows that are gathered,
   * have their share. Where chunks come and go, it is checked here that all fits.
   *
   * @throws DeviceMemoryException if nothing is left
   */
  long remainingBudget(LoadPlan plan, long budget, Device device) throws DeviceMemoryException {
    boolean isGathered = !plan.gathers().isEmpty();
    if (budget == Long.MAX_VALUE || (isNone() && !isGathered)) {
      return budget;
    }
    long made = Math.addExact(movedBytes(plan), plan.gatheredBytes());
    long read = isGathered ? plan.heldBytes(RowGathering.WINDOW) : 0;
    if (made >= budget - read) {
      throw new DeviceMemoryException(
          device,
          Math.addExact(made, read),
          budget,
          isGathered
              ? "the memory budget is smaller than the parts, and the chunks that they are copied from: raise it"
              : "the memory budget is smaller than the converted tensors: raise it",
          null);
    }
    return isGathered ? Long.MAX_VALUE : budget - made;
  }

  /** Returns what all that {@linkplain #moved moves} takes; 0 if nothing is converted. */
  long movedBytes(LoadPlan plan) {
    return results(plan)
        .filter(this::isNeeded)
        .mapToLong(this::movedBytes)
        .reduce(0, Math::addExact);
  }

  /** Returns what those of some parts take that {@linkplain #moved move} when one is converted. */
  long movedBytes(List<WantedPart> parts) {
    return TensorBatch.Layout.of(moved(parts), this::convertedBytes).size();
  }

  /** Returns the most that a part may take besides what is read of it, in bytes. */
  long mostMoved(WantedPart part) {
    return isNone() ? 0 : Math.max(part.bytes(), convertedBytes(part));
  }

  /** Returns what the files take that stay in memory as they were read. */
  long keptBytes(LoadPlan plan) {
    return results(plan)
        .filter(parts -> !isNeeded(parts) || moved(parts).size() < parts.size())
        .mapToLong(Conversion::bytes)
        .reduce(0, Math::addExact);
  }

  /** Returns the parts that share memory when they are loaded. */
  private static Stream<List<WantedPart>> results(LoadPlan plan) {
    return Stream.concat(
        plan.files().stream().map(FilePlan::tensors),
        plan.gathers().stream().map(GatherPlan::tensors));
  }

  private long convertedBytes(WantedPart part) {
    return target(part.entry().info()).byteSize(part.shape().elements());
  }

  /** Counts the tensors of a plan by type and reason, in the order of the first of each. */
  List<ConversionReport> report(LoadPlan plan) {
    ConversionCounts counts = new ConversionCounts();
    if (!isNone()) {
      results(plan)
          .flatMap(List::stream)
          .map(part -> part.entry().info())
          .forEach(tensor -> counts.add(tensor.dtype(), choice(tensor)));
    }
    return counts.reports();
  }
}
