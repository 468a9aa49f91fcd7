// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * An open device: allocates its memory, and makes streams that move bytes in it.
 *
 * <p>Thread-safe. A thread attaches itself before it calls anything else on this context, its
 * buffers or its streams (rule D-102); contexts that need no such thing do nothing then.
 *
 * @since 0.1
 */
public interface DeviceContext extends AutoCloseable {
  /**
   * Returns the device.
   *
   * @return the device that was opened
   */
  Device device();

  /** Makes this context current for the calling thread; cheap when it already is. */
  void attach();

  /**
   * Allocates device memory; its contents are undefined.
   *
   * @param bytes the size, not negative; 0 gives a buffer without memory
   * @param alignment a power of two that divides the buffer's address
   * @return the buffer; the caller closes it
   * @throws DeviceMemoryException if there is not enough: nothing is allocated
   */
  DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException;

  /**
   * Allocates host memory from which and to which this device copies fastest (page-locked where the
   * device knows such a thing). Memory of some MiB is best made of huge pages: storage writes to
   * small pages at a fraction of its speed.
   *
   * @param bytes the size, above 0
   * @return a host-visible buffer, aligned to a page; the caller closes it
   * @throws DeviceMemoryException if there is not enough: nothing is allocated
   */
  DeviceBuffer allocateStaging(long bytes) throws DeviceMemoryException;

  /**
   * Makes a queue for copies and conversions.
   *
   * @return the stream; the caller closes it
   * @throws LoadException if the device refuses
   */
  DeviceStream newStream() throws LoadException;

  /**
   * Tells whether {@link DeviceStream#convert} knows a pair.
   *
   * @param from the source's type
   * @param to the target's type
   * @return true if it does
   */
  boolean canConvert(DType from, DType to);

  /**
   * Returns how much memory there is.
   *
   * @return free and total bytes
   * @throws LoadException if the device doesn't say
   */
  MemoryInfo memory() throws LoadException;

  /**
   * Tells whether host and device have their memory in common, so that the host can write what is
   * allocated as it writes its own: unified memory, by rule D-113. Backends read straight into it
   * then, without staging memory and without a copy.
   *
   * @return true if every buffer of {@link #allocate} has {@link DeviceBuffer#host()}, always the
   *     same; only for {@code cpu} unless overridden
   */
  default boolean isHostVisible() {
    return device().isCpu();
  }

  /**
   * Returns how host memory is had whose pages come late. Without it, backends take buffers of
   * {@link #allocate}, and copy a file of which the page cache has only a part.
   *
   * @return always the same; only where {@link #isHostVisible()}, and empty unless overridden. A
   *     context that wraps another passes it on, or its loads take these other ways (rule D-114)
   */
  default Optional<LateMemory> lateMemory() {
    return Optional.empty();
  }

  /**
   * Returns the node of the host's memory that is nearest.
   *
   * @return the node's number, or empty if unknown or if there is only one, and unless overridden
   */
  default OptionalInt numaNode() {
    return OptionalInt.empty();
  }

  /**
   * Returns where the device sits.
   *
   * @return the PCI address as {@code 0000:3b:00.0}, or empty if it has none, and unless overridden
   */
  default Optional<String> pciBus() {
    return Optional.empty();
  }

  /**
   * Keeps memory that is freed, for what is allocated next: for who allocates and frees again and
   * again. Does nothing unless overridden.
   *
   * @param bytes the most memory that is kept, together with what is in use (rule D-117)
   * @return ends this when it is closed, and returns what is kept to the system; the caller closes
   *     it before the context
   */
  default Keeping keep(long bytes) {
    return () -> {};
  }

  /**
   * Memory that is kept for allocations to come. Thread-safe.
   *
   * @since 0.1
   */
  @FunctionalInterface
  interface Keeping extends AutoCloseable {
    /** Returns the memory to the system. A second call does nothing. */
    @Override
    void close();
  }

  /**
   * Closes the context and returns pooled memory to the system. The caller has closed every buffer
   * and stream before (rule D-103). A second call does nothing.
   */
  @Override
  void close();

  /**
   * Host memory whose pages are not there when it is allocated: its user has them made, each right
   * before it is written and by the thread that writes it, while storage is busy with others.
   *
   * <p>Thread-safe, for attached threads; nothing here waits for storage.
   *
   * @since 0.1
   */
  interface LateMemory {
    /**
     * Returns from which size on a buffer is worth it; {@link DeviceContext#allocate} is better for
     * smaller ones.
     *
     * @return bytes
     */
    long leastBytes();

    /**
     * Allocates a buffer as {@link DeviceContext#allocate} does, short of its pages. What the
     * context kept of earlier buffers may have pages already, and needs no promise.
     *
     * @param bytes the size, above 0
     * @param alignment a power of two that divides the buffer's address
     * @param memory promises the load what is to come (rule D-115)
     * @return the buffer, which the caller closes, and its pages
     * @throws DeviceMemoryException if there is not enough: nothing is allocated
     * @throws IllegalArgumentException if there is no such size or alignment
     */
    LateBuffer allocate(long bytes, long alignment, LoadMemory memory) throws DeviceMemoryException;

    /**
     * Puts private memory without pages in the place of parts of a mapped file. It goes when the
     * file is unmapped, and nothing that is written to it reaches the file (rule D-116).
     *
     * @param parts native memory that the caller has mapped, and keeps mapped until the pages end;
     *     each starts at a page, and its last page is replaced as a whole
     * @param memory promises the load what is to come (rule D-115)
     * @return the pages of all parts
     * @throws DeviceMemoryException if there is not enough, or the system refuses; some parts may
     *     have been replaced
     * @throws IllegalArgumentException if a part doesn't start at a page
     */
    LatePages cover(List<MemorySegment> parts, LoadMemory memory) throws DeviceMemoryException;
  }

  /**
   * Pages that were promised to a load, and are made when it asks. Thread-safe.
   *
   * @since 0.1
   */
  interface LatePages {
    /**
     * Makes the pages of a part of the memory; those that are there stay as they are. Blocks while
     * the system makes them.
     *
     * @param part any part of the memory
     * @throws DeviceMemoryException if there are not enough any more
     */
    void touch(MemorySegment part) throws DeviceMemoryException;

    /**
     * Ends the promise: no page is asked for any more. A second call does nothing.
     *
     * @param complete whether every page was made, so that the context may keep the memory for
     *     later when it is freed
     */
    void end(boolean complete);
  }

  /**
   * A buffer, and its pages. Closing the buffer ends them.
   *
   * @since 0.1
   */
  interface LateBuffer extends LatePages {
    /**
     * Returns the memory.
     *
     * @return always the same buffer, visible to the host; the caller closes it
     */
    DeviceBuffer buffer();
  }
}
