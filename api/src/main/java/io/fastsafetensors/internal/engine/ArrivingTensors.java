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
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.LoadedRanges;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a load that is under way: each can be had as soon as its own bytes are there.
 * Threads that want tensors wait here, or in the ticket of their file; the load's own thread tells
 * what it has. Thread-safe.
 */
final class ArrivingTensors implements HeldTensors, Arrivals {
  /** How late a load may end that has to: its reads may hang. */
  private static final Duration LATE = Duration.ofSeconds(10);

  /** Whoever waits without end means less than this; and it can be counted in nanoseconds. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  private final Conversion conversion;
  private final StopSignal signal;
  private final Cancellation cancellation;
  private final Map<String, Place> places = new HashMap<>();
  private final Map<FilePlan, ArrivingFile> arriving = new IdentityHashMap<>();
  private final List<LoadedFile> files = new ArrayList<>();
  private final List<Integer> releasedFiles = new ArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable Throwable failure;
  private boolean begun;
  private boolean ended;

  /** Whether somebody has heard of the failure. */
  private boolean told;

  private volatile boolean allThere;
  private volatile boolean closed;

  /** A tensor: what is wanted of it, the file that it comes with if it may come early, and where it is. */
  private static final class Place {
    final WantedPart part;
    final @Nullable ArrivingFile file;
    final int range;
    @Nullable Piece piece;

    Place(WantedPart part, @Nullable ArrivingFile file, int range) {
      this.part = part;
      this.file = file;
      this.range = range;
    }
  }

  /**
   * Makes tensors of a load that has not begun.
   *
   * @param signal ends the load
   * @param cancellation does, too
   */
  ArrivingTensors(
      SharedContext context,
      LoadPlan plan,
      Conversion conversion,
      StopSignal signal,
      Cancellation cancellation) {
    this.conversion = conversion;
    this.signal = signal;
    this.cancellation = cancellation;
    for (FilePlan file : plan.files()) {
      List<WantedPart> parts = file.tensors();
      // What is converted is there when its file is: until then it has another type.
      @Nullable ArrivingFile early =
          conversion.isNeeded(parts) ? null : new ArrivingFile(context, file);
      if (early != null) {
        arriving.put(file, early);
      }
      for (int i = 0; i < parts.size(); i++) {
        places.put(parts.get(i).name(), new Place(parts.get(i), early, i));
      }
    }
    for (GatherPlan gather : plan.gathers()) {
      gather.tensors().forEach(part -> places.put(part.name(), new Place(part, null, 0)));
    }
  }

  // What the load's own thread tells.

  @Override
  public void submitted(FilePlan plan, BackendSession.Ticket ticket) throws LoadException {
    ArrivingFile file = arriving.get(plan);
    if (file != null) {
      ticket.early().ifPresent(file::submitted);
    }
    change(() -> begun = true); // who waits for a tensor of this file looks again
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
    lock.lock();
    try {
      files.add(file);
      file.pieces().forEach(this::arrived);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (closed || isReleased(file)) {
      file.release();
    }
    return true;
  }

  private void arrived(Piece piece) {
    Objects.requireNonNull(places.get(piece.spec().name())).piece = piece;
  }

  private boolean isReleased(LoadedFile file) {
    synchronized (releasedFiles) {
      return releasedFiles.contains(file.index());
    }
  }

  @Override
  public void failed(Throwable thrown) {
    signal.fail(thrown);
    change(() -> failure = failure == null ? thrown : failure);
  }

  @Override
  public void closing(FilePlan plan) {
    ArrivingFile file = arriving.get(plan);
    if (file != null && !closed) {
      List<Piece> kept = file.keepWhatIsThere();
      change(() -> kept.forEach(this::arrived));
    }
  }

  @Override
  public void closed(FilePlan plan) {
    ArrivingFile file = arriving.get(plan);
    if (file != null) {
      file.closed();
    }
  }

  /** Notes that the load has ended; if it failed, after {@link #failed}. */
  void ended() {
    change(() -> ended = true);
  }

  private void change(Runnable change) {
    lock.lock();
    try {
      change.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // What threads ask that want tensors.

  /**
   * Waits until a file is read, or there is none.
   *
   * @throws LoadException what kept the load from beginning, which has ended then
   */
  void awaitBegun() throws LoadException {
    awaitChange(() -> begun || ended);
    lock.lock();
    try {
      if (!begun && failure != null) {
        told = true;
        throw BoundedCall.thrown(failure);
      }
    } finally {
      lock.unlock();
    }
  }

  private void awaitChange(BooleanSupplier condition) throws LoadException {
    lock.lock();
    try {
      while (!condition.getAsBoolean()) {
        checkOpen();
        long nanos = Math.addExact(remainingNanos(), LATE.toNanos());
        if (changed.awaitNanos(nanos) <= 0) {
          throw new LoadCancelledException("the load did not end when its time was over", true);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LoadCancelledException("the waiting thread was interrupted", false);
    } finally {
      lock.unlock();
    }
  }

  private boolean hasFailed() {
    lock.lock();
    try {
      return failure != null;
    } finally {
      lock.unlock();
    }
  }

  private long remainingNanos() {
    return Math.min(signal.deadline().remainingNanos(), LONGEST.toNanos());
  }

  @Override
  public void await(List<Request> wanted) throws LoadException {
    List<Place> own =
        wanted.stream().map(request -> places.get(request.name())).filter(Objects::nonNull).toList();
    if (own.size() > 1) {
      own.forEach(this::prefer);
    }
    for (Place place : own) {
      await(place);
    }
  }

  private void prefer(Place place) {
    BackendSession.@Nullable Early early = early(place);
    if (early != null) {
      early.prefer(place.range);
    }
  }

  private void await(Place place) throws LoadException {
    while (!isHere(place)) {
      BackendSession.@Nullable Early early = early(place);
      if (early == null || (hasFailed() && !isThere(place, early))) {
        awaitOther(place, early);
      } else {
        awaitEarly(place, early);
      }
    }
  }

  private boolean isHere(Place place) {
    lock.lock();
    try {
      checkOpen();
      return place.piece != null;
    } finally {
      lock.unlock();
    }
  }

  /** Fails if a tensor is not there and won't be. */
  private void check(Place place) throws LoadException {
    lock.lock();
    try {
      if (place.piece == null && failure != null) {
        told = true;
        throw lacking("tensor " + Printable.quote(place.part.name()), failure);
      }
    } finally {
      lock.unlock();
    }
  }

  private static BackendSession.@Nullable Early early(Place place) {
    return place.file == null ? null : place.file.early();
  }

  private void awaitEarly(Place place, BackendSession.Early early) throws LoadException {
    ArrivingFile file = Objects.requireNonNull(place.file);
    try {
      early.prefer(place.range);
      @Nullable Piece piece = file.await(early, place.range);
      change(() -> place.piece = place.piece == null ? piece : place.piece);
    } catch (UnsupportedTransferException e) {
      awaitOther(place, early); // the next backend's
    } catch (LoadCancelledException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      awaitOther(place, early); // stopped: the load's own thread knows why
    } catch (LoadException | RuntimeException e) {
      failed(e);
      check(place);
    }
  }

  /** Waits until it is known where else a tensor comes from, or why it doesn't. */
  private void awaitOther(Place place, BackendSession.@Nullable Early early) throws LoadException {
    awaitChange(() -> place.piece != null || failure != null || early(place) != early);
    check(place);
  }

  private static boolean isThere(Place place, BackendSession.Early early) {
    return Objects.requireNonNull(place.file).isThere(early, place.range);
  }

  /** Makes an exception of its own for who waits: traces of threads don't mix. */
  private static LoadException lacking(String what, Throwable failure) {
    String message = what + " was not loaded: " + failure.getMessage();
    if (failure instanceof LoadCancelledException e) {
      LoadCancelledException cancelled =
          new LoadCancelledException(message, e.timedOut(), e.keptBytes());
      cancelled.initCause(e);
      return cancelled;
    }
    return new LoadException(message, failure);
  }

  @Override
  public void awaitAll() throws LoadException {
    checkOpen();
    awaitChange(() -> ended || failure != null);
    lock.lock();
    try {
      if (failure != null) {
        told = true;
        throw lacking("a part of the files", failure);
      }
    } finally {
      lock.unlock();
    }
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
    BackendSession.@Nullable Early early = early(place);
    return early != null && isThere(place, early);
  }

  @Override
  public void allAreThere() {
    allThere = true;
  }

  @Override
  public Duration patience(Duration groupTimeout) {
    return allThere
        ? groupTimeout
        : groupTimeout.plus(LATE).plusNanos(remainingNanos());
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
    lock.lock();
    try {
      checkOpen();
      Place place = places.get(entry.info().name());
      if (place == null || place.piece == null) {
        throw new IllegalStateException(entry.info() + " is not on this rank");
      }
      return place.piece;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the FileBuffer is closed");
    }
  }

  /** Frees one file's memory, if it is on this rank; what is still on its way later. */
  @Override
  public void release(int file) {
    synchronized (releasedFiles) {
      releasedFiles.add(file);
    }
    Cleanup.each(filesNow(), loaded -> {
      if (loaded.index() == file) {
        loaded.release();
      }
    });
  }

  private List<LoadedFile> filesNow() {
    lock.lock();
    try {
      return List.copyOf(files);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long bytes() {
    return filesNow().stream().mapToLong(LoadedFile::bytes).sum()
        + arriving.values().stream().mapToLong(ArrivingFile::bytes).sum();
  }

  /**
   * Ends the load if it is under way, and frees all memory: what a read that hangs may still write
   * to is freed by the thread that loads, when that ends.
   */
  @Override
  public void close() {
    change(this::setClosed);
    cancellation.cancel();
    Cleanup.all(
        () -> Cleanup.each(filesNow(), LoadedFile::release),
        () -> Cleanup.each(arriving.values(), ArrivingFile::release),
        this::awaitEnd);
  }

  private void setClosed() {
    told |= failure == null; // what fails from here on nobody wants to know
    closed = true;
  }

  private void awaitEnd() {
    boolean interrupted = false;
    lock.lock();
    try {
      Deadline deadline = Deadline.after(LATE);
      while (!ended && !deadline.hasPassed()) {
        try {
          var _ = changed.awaitNanos(deadline.remainingNanos());
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      lock.unlock();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void tellFailure() {
    lock.lock();
    try {
      boolean wanted = failure instanceof LoadCancelledException e && !e.timedOut();
      if (failure != null && !told && !wanted) {
        told = true;
        throw new UncheckedIOException(lacking("a part of the files", failure));
      }
    } finally {
      lock.unlock();
    }
  }
}
