// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.BackendUnavailableException;
import io.fastsafetensors.Device;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.RawHeader;
import io.fastsafetensors.internal.file.IoReason;
import io.fastsafetensors.internal.registry.BackendChoice;
import io.fastsafetensors.internal.registry.Candidates;
import io.fastsafetensors.internal.registry.Registry;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoMonitor;
import io.fastsafetensors.spi.IoOptions;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The backends that may serve one call of a loader, the preferred first; each is probed when those
 * before it won't do. Header and ranges of a file come from the same ones. Thread-safe.
 */
final class Backends {
  private final Registry registry;
  private final Device device;
  private final Supplier<LoadOptions> options;
  private final List<IoBackend> found = new ArrayList<>();
  private @Nullable BackendChoice choice;
  private @Nullable Candidates<IoBackend> candidates;

  /** Chooses for a device and the options of a load, when first asked. */
  Backends(Registry registry, Device device, Supplier<LoadOptions> options) {
    this.registry = registry;
    this.device = device;
    this.options = options;
  }

  /**
   * A header, and where it came from.
   *
   * @param header the header
   * @param backend the id of the backend that opened the file; empty if there is none here
   */
  record Opened(RawHeader header, String backend) {}

  /**
   * Why a backend can't serve a file.
   *
   * @param backend its id
   * @param why what it said
   */
  record Refusal(String backend, UnsupportedTransferException why) {}

  /**
   * Returns what the options ask for.
   *
   * @throws IllegalArgumentException if they contradict each other
   */
  synchronized BackendChoice choice() {
    BackendChoice known = choice;
    if (known == null) {
      known = BackendChoice.of(registry.options().complete(options.get()));
      choice = known;
    }
    return known;
  }

  /** Starts from what the options of a load say about reading. */
  IoOptions.Builder reading(LoadOptions load, IoMonitor monitor) {
    return IoOptions.builder(monitor)
        .path(load.path())
        .writable(load.writable())
        .direct(load.direct())
        .threads(load.threads())
        .blockBytes(load.blockBytes())
        .alignment(load.alignment())
        .properties(choice().properties());
  }

  private Candidates<IoBackend> candidates() {
    Candidates<IoBackend> known = candidates;
    if (known == null) {
      known = registry.backends(device, choice());
      candidates = known;
    }
    return known;
  }

  /**
   * Returns the chosen backend, or one after it.
   *
   * @param number 0 for the chosen one, 1 for the next, ...
   * @return the backend; empty if there are not so many
   */
  synchronized Optional<IoBackend> get(int number) {
    while (found.size() <= number) {
      Optional<IoBackend> next = candidates().tryNext();
      if (next.isEmpty()) {
        return Optional.empty();
      }
      found.add(next.get());
    }
    return Optional.of(found.get(number));
  }

  /**
   * Returns the chosen backend.
   *
   * @throws BackendUnavailableException if there is none; it says why of each
   */
  synchronized IoBackend first() throws BackendUnavailableException {
    Optional<IoBackend> first = get(0);
    return first.isPresent() ? first.get() : candidates().next();
  }

  /** Returns which backends were considered. */
  synchronized List<PluginReport> reports() {
    return candidates().reports();
  }

  /**
   * Reads a header through the first backend that can open the file. Where there is no backend at
   * all the platform opens it: the load will say what lacks, and more than files may lack.
   */
  Opened readHeader(Path file) throws LoadException {
    List<Refusal> refusals = new ArrayList<>();
    for (int number = 0; ; number++) {
      Optional<IoBackend> backend = get(number);
      if (backend.isEmpty()) {
        if (number > 0) {
          throw nobodyLeft(file, refusals);
        }
        return new Opened(readByPlatform(file), "");
      }
      String id = backend.get().id();
      try {
        return new Opened(readHeader(backend.get(), file), id);
      } catch (UnsupportedTransferException e) {
        refusals.add(new Refusal(id, e));
      }
    }
  }

  /** Reads a header through a backend. */
  static RawHeader readHeader(IoBackend backend, Path file) throws LoadException {
    try (SeekableByteChannel channel = backend.channel(file)) {
      return RawHeader.read(file, channel);
    } catch (LoadException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new LoadException("can't read " + file + ": " + IoReason.of(e), e);
    }
  }

  private RawHeader readByPlatform(Path file) throws LoadException {
    try {
      return RawHeader.read(file);
    } catch (LoadException e) {
      if (choice().asked().isPresent()) {
        first(); // throws: the one that was asked for might have had the file
      }
      throw e;
    }
  }

  /** Makes the error of a file that every backend refused. */
  BackendUnavailableException nobodyLeft(Path file, List<Refusal> refusals) {
    List<PluginReport> considered =
        reports().stream().map(report -> withRefusal(report, refusals)).toList();
    BackendUnavailableException e =
        new BackendUnavailableException(file + ": no other backend is left", considered);
    refusals.forEach(refusal -> e.addSuppressed(refusal.why));
    return e;
  }

  /** What refused this file is unavailable for it, whatever its probe said. */
  private static PluginReport withRefusal(PluginReport report, List<Refusal> refusals) {
    return refusals.stream()
        .filter(refusal -> refusal.backend.equals(report.id()))
        .findFirst()
        .map(refusal -> report.toBuilder().available(false).detail(refusal.why.reason()).build())
        .orElse(report);
  }
}
