// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.internal.plan.CatalogEntry;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.GatherPlan;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.internal.plan.WantedPart;
import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.spi.LoadedRanges;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a load that is under way: each can be had as soon as its own bytes are there.
 * Threads that want tensors wait in the ticket of their file, or for what the load's own thread
 * tells. Thread-safe.
 */
final class ArrivingTensors implements HeldTensors, Arrivals {
  private final Conversion conversion;
  private final Cancellation cancellation;
  private final LoadState state;
  private final Map<String, Place> places = new HashMap<>();
  private final IdentityHashMap<FilePlan, ArrivingFile> arriving = new IdentityHashMap<>();
  private final List<LoadedFile> files = new ArrayList<>();
  private final Set<Integer> released = new HashSet<>();

  /** The files that threads wait for which nobody reads yet. */
  private final Set<Integer> wanted = new HashSet<>();

  private volatile boolean allThere;

  /** What is wanted of a tensor, the file that it may come early with, and where it is. */
  private static final class Place {
    final WantedPart part;
    final @Nullable ArrivingFile file;
    final int range;

    /** Guarded by the lock of the state. */
    @Nullable Piece piece;

    Place(WantedPart part, @Nullable ArrivingFile file, int range) {
      this.part = part;
      this.file = file;
      this.range = range;
    }

    BackendSession.@Nullable Early early() {
      return file == null ? null : file.early();
    }

    boolean isThere(BackendSession.Early early) {
      return Objects.requireNonNull(file).isThere(early, range);
    }
  }

  /**
   * Makes tensors of a load that has not begun.
   *
   * @param cancellation ends the load
   */
  ArrivingTensors(
      SharedContext context,
      LoadPlan plan,
      Conversion conversion,
      LoadState state,
      Cancellation cancellation) {
    this.conversion = conversion;
    this.state = state;
    this.cancellation = cancellation;
    plan.files().forEach(file -> addPlaces(context, file));
    for (GatherPlan gather : plan.gathers()) {
      gather.tensors().forEach(part -> places.put(part.name(), new Place(part, null, 0)));
    }
  }

  private void addPlaces(SharedContext context, FilePlan plan) {
    List<WantedPart> parts = plan.tensors();
    // What is converted is there when its file is: until then it has another type.
    @Nullable ArrivingFile early =
        conversion.isNeeded(parts) ? null : new ArrivingFile(context, plan);
    if (early != null) {
      arriving.put(plan, early);
    }
    for (int i = 0; i < parts.size(); i++) {
      places.put(parts.get(i).name(), new Place(parts.get(i), early, i));
    }
  }

  @Override
  public FilePlan next(Deque<FilePlan> left) {
    return left.stream().filter(this::isWanted).findFirst().orElse(left.element());
  }

  private boolean isWanted(FilePlan file) {
    return state.is(() -> wanted.contains(file.file().index()));
  }

  @Override
  public void submitted(FilePlan plan, BackendSession.Ticket ticket) throws LoadException {
    ArrivingFile file = arriving.get(plan);
    if (file != null) {
      ticket.early().ifPresent(file::submitted);
    }
    state.begun(); // who waits for a tensor of this file looks again
  }

  @Override
  public LoadedFile received(
      SharedContext context, FilePlan plan, String backend, LoadedRanges ranges) {
    ArrivingFile file = arriving.get(plan);
    return file == null
        ? LoadedFile.of(context, plan, backend, ranges)
        : file.received(backend, ranges);
  }

  @Override
  public boolean take(LoadedFile file) {
    state.change(() -> {
      files.add(file);
      file.pieces().forEach(this::arrived);
    });
    if (state.isClosed() || state.is(() -> released.contains(file.index()))) {
      file.release();
    }
    return true;
  }

  private void arrived(Piece piece) {
    Objects.requireNonNull(places.get(piece.spec().name())).piece = piece;
  }

  @Override
  public void failed(Throwable thrown) {
    state.failed(thrown);
  }

  @Override
  public void closing(FilePlan plan) {
    ArrivingFile file = arriving.get(plan);
    if (file != null && !state.isClosed()) {
      List<Piece> kept = file.keepWhatIsThere();
      state.change(() -> kept.forEach(this::arrived));
    }
  }

  @Override
  public void closed(FilePlan plan) {
    ArrivingFile file = arriving.get(plan);
    if (file != null) {
      file.closed();
    }
  }

  @Override
  public void await(List<Request> wanted) throws LoadException {
    List<Place> own =
        wanted.stream().map(one -> places.get(one.name())).filter(Objects::nonNull).toList();
    if (own.size() > 1) {
      own.forEach(ArrivingTensors::prefer);
    }
    for (Place place : own) {
      await(place);
    }
  }

  private static void prefer(Place place) {
    BackendSession.@Nullable Early early = place.early();
    if (early != null) {
      Objects.requireNonNull(place.file).prefer(early, place.range);
    }
  }

  private void await(Place place) throws LoadException {
    while (!isHere(place)) {
      BackendSession.@Nullable Early early = place.early();
      if (early == null) {
        state.change(() -> wanted.add(place.part.entry().file().index()));
      }
      if (early == null || (state.hasFailed() && !place.isThere(early))) {
        awaitOther(place, early);
      } else {
        awaitEarly(place, early);
      }
    }
  }

  private boolean isHere(Place place) {
    state.checkOpen();
    return state.is(() -> place.piece != null);
  }

  private void awaitEarly(Place place, BackendSession.Early early) throws LoadException {
    ArrivingFile file = Objects.requireNonNull(place.file);
    try {
      file.prefer(early, place.range);
      @Nullable Piece piece = file.await(early, place.range);
      state.change(() -> place.piece = place.piece == null ? piece : place.piece);
    } catch (UnsupportedTransferException e) {
      awaitOther(place, early); // the next backend's
    } catch (LoadCancelledException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      awaitOther(place, early); // stopped: the load's own thread knows why
    } catch (LoadException | RuntimeException e) {
      state.failed(e);
      check(place);
    }
  }

  /** Waits until it is known where else a tensor comes from, or why it doesn't. */
  private void awaitOther(Place place, BackendSession.@Nullable Early early) throws LoadException {
    state.await(() -> place.piece != null || place.early() != early);
    check(place);
  }

  private void check(Place place) throws LoadException {
    state.check("tensor " + Printable.quote(place.part.name()), () -> place.piece != null);
  }

  @Override
  public void awaitAll() throws LoadException {
    state.awaitAll();
  }

  @Override
  public boolean isThere(CatalogEntry entry) {
    Place place = places.get(entry.info().name());
    if (place == null) {
      return allThere;
    }
    if (isHere(place)) {
      return true;
    }
    BackendSession.@Nullable Early early = place.early();
    return early != null && place.isThere(early);
  }

  @Override
  public void allAreThere() {
    allThere = true;
  }

  @Override
  public Duration patience(Duration groupTimeout) {
    return allThere ? groupTimeout : state.patience(groupTimeout);
  }

  @Override
  public DType dtype(CatalogEntry entry) {
    return conversion.target(entry.info());
  }

  @Override
  public Shape shape(CatalogEntry entry) {
    Place place = places.get(entry.info().name());
    return place == null ? entry.info().shape() : place.part.shape();
  }

  @Override
  public Piece piece(CatalogEntry entry) {
    state.checkOpen();
    Place place = places.get(entry.info().name());
    if (place == null || !isHere(place)) {
      throw new IllegalStateException(entry.info() + " is not on this rank");
    }
    return Objects.requireNonNull(place.piece);
  }

  @Override
  public void checkOpen() {
    state.checkOpen();
  }

  /** Frees one file's memory, if it is on this rank; what is still on its way later. */
  @Override
  public void release(int file) {
    state.change(() -> released.add(file));
    Cleanup.each(files().stream().filter(f -> f.index() == file).toList(), LoadedFile::release);
  }

  private List<LoadedFile> files() {
    List<LoadedFile> now = new ArrayList<>();
    state.change(() -> now.addAll(files));
    return now;
  }

  @Override
  public long bytes() {
    return files().stream().mapToLong(LoadedFile::bytes).sum()
        + arriving.values().stream().mapToLong(ArrivingFile::bytes).sum();
  }

  /**
   * Ends the load if it is under way, and frees all memory: what a read that hangs may still write
   * to is freed by the thread that loads, when that ends.
   */
  @Override
  public void close() {
    state.closed();
    cancellation.cancel();
    Cleanup.all(
        () -> Cleanup.each(files(), LoadedFile::release),
        () -> Cleanup.each(arriving.values(), ArrivingFile::release),
        state::awaitEnd);
  }

  @Override
  public void tellFailure() {
    state.tellFailure();
  }
}
