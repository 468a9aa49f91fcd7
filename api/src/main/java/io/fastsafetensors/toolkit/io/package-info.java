// SPDX-License-Identifier: Apache-2.0
/**
 * Tools for readers. Promised for a minor version only.
 *
 * <p>A reader extends {@link ReadSession}. It says how its kind of file is opened and read ({@link
 * PlannedFile}, of which {@link ChannelFile} is ready to use), where the bytes go ({@link
 * ReadTarget}: {@link HostTarget}, {@link RingTarget}, or its own), and which path each read takes
 * ({@link PathChoice}). Everything else is done here. How a block travels:
 *
 * <pre>{@code
 * on the thread that loads
 *   submit(RangePlan)
 *     ReadSession.plan       -> PlannedFile; refuses what the backend lacks
 *     PlannedFile.open          it is a regular file of the planned size; keeps its version
 *     ReadSession.choose     -> ReadTarget: memory and reads;  PathChoice
 *     ReadQueue.add          -> FileTicket
 * on the session's threads, a read of each file in turn
 *   undecided
 *     | PathChoice.path
 *     +-- CACHED ------------------------------------> processor lane
 *     +-- other paths --> unprepared                     | ReadTarget.prepare
 *                           | ReadTarget.prepare         | ReadTarget.bring
 *                           +--> storage lane            |
 *                                  | ReadTarget.bring    |
 *                                  v                     v
 *                         the bytes are in their place, or a StagingRing copies them there
 * on the thread that loads
 *   await()
 *     FileTicket.finish         ReadTarget.settle, PlannedFile.checkUnchanged
 *                            -> ReadTarget.regions: the ranges, in the order of the plan
 *     FileTicket.release        closes the file; frees the memory unless it was handed out
 *   close(), after a failure
 *     ParallelTicket            waits for the reads under way, starts no more
 *     FileTicket.release        frees the memory, once no copy to it is under way
 * }</pre>
 *
 * <p>Each lane has a bound ({@link ReadTuning}), so that neither reads from storage nor copies from
 * the page cache hold the other up. Memory is prepared only as far ahead as storage reads. A ticket
 * frees nothing before its last read has ended.
 *
 * <p>A small reader, for an imaginary {@code Store}:
 *
 * <pre>{@code
 * final class StoreSession extends ReadSession<StoreFile> {
 *   StoreSession(DeviceContext context, IoOptions options) {
 *     super("store", context, options, ReadTuning.of(options, 8, 4 << 20));
 *   }
 *   protected StoreFile plan(RangePlan plan) {
 *     return new StoreFile(plan);
 *   }
 *   protected Choice choose(RangePlan plan, StoreFile file) throws LoadException {
 *     long alignment = Math.max(64, options().alignment());
 *     RangeLayout layout = RangeLayout.of(plan, Rules.builder().alignment(alignment).build());
 *     ReadTarget target =
 *         context().isHostVisible()
 *             ? HostTarget.allocate(this, file, layout)
 *             : RingTarget.allocate(this, file, layout);
 *     return Choice.of(target, PathChoice.buffered(Reason.of("store.read", "from the store")));
 *   }
 * }
 *
 * final class StoreFile extends PlannedFile {
 *   private Store.@Nullable Blob blob;
 *   StoreFile(RangePlan plan) { super("store", plan); }
 *   protected void openSource() throws IOException { blob = Store.open(path()); }
 *   protected State state() { return State.of(true, blob.size(), blob.tag()); }
 *   public TransferPath read(TransferPath wanted, MemorySegment target, long offset)
 *       throws LoadException {
 *     long bytes = Math.min(target.byteSize(), size() - offset); // the last may pass the end
 *     try {
 *       blob.readFully(target.asSlice(0, bytes), offset);
 *       return TransferPath.BUFFERED;
 *     } catch (IOException e) {
 *       throw failure(offset, bytes, "read", e);
 *     }
 *   }
 *   public void close() { if (blob != null) blob.close(); }
 * }
 * }</pre>
 */
@NullMarked
package io.fastsafetensors.toolkit.io;

import org.jspecify.annotations.NullMarked;
