// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.LoadMemory;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** A context given to the plug-in in place of the real one: counts, watches, and can fail. */
final class TrackedContext extends ForwardingContext {
  /** Stands for a thread of the device. */
  private static final Thread DEVICE_THREAD = Thread.ofPlatform().unstarted(() -> {});

  private final DeviceContext context;
  private final Set<Thread> attached = ConcurrentHashMap.newKeySet();
  private final List<DeviceBuffer> buffers = new CopyOnWriteArrayList<>();
  private final List<DeviceBuffer> allocated = new CopyOnWriteArrayList<>();
  private final List<DeviceBuffer> staging = new CopyOnWriteArrayList<>();
  private final List<TrackedStream> streams = new CopyOnWriteArrayList<>();
  private final List<String> strangers = new CopyOnWriteArrayList<>();
  private final List<String> unreachable = new CopyOnWriteArrayList<>();
  private final AtomicLong mostBytes = new AtomicLong();
  private final AtomicLong allocationsUntilFailure = new AtomicLong(Long.MAX_VALUE);
  private final AtomicLong operationsUntilFailure = new AtomicLong(Long.MAX_VALUE);

  TrackedContext(DeviceContext context) {
    super(context);
    this.context = context;
  }

  /** Makes the n-th allocation from now fail. */
  void failAllocation(long nth) {
    allocationsUntilFailure.set(nth);
  }

  /** Makes the n-th operation from now on any stream fail; making a stream counts. */
  void failOperation(long nth) {
    operationsUntilFailure.set(nth);
  }

  /** Returns how many buffers made through this context are not closed. */
  long openBuffers() {
    return buffers.stream().filter(TrackedContext::isOpen).count();
  }

  /** Returns how many streams made through this context are not closed. */
  long openStreams() {
    return streams.stream().filter(TrackedStream::isOpen).count();
  }

  /** Returns the buffers made through this context that are open and not for staging. */
  List<DeviceBuffer> allocated() {
    return allocated.stream().filter(TrackedContext::isOpen).toList();
  }

  /** Returns the staging buffers made through this context that are open. */
  List<DeviceBuffer> staging() {
    return staging.stream().filter(TrackedContext::isOpen).toList();
  }

  private long openBytes() {
    return allocated().stream().mapToLong(DeviceBuffer::size).sum();
  }

  /** Returns the most bytes that those had together at any time. */
  long mostBytes() {
    return mostBytes.get();
  }

  /** Returns the context that this one stands for. */
  DeviceContext real() {
    return context;
  }

  /** Tells whether a buffer is open: by rule D-104 a closed one has no address. */
  static boolean isOpen(DeviceBuffer buffer) {
    try {
      buffer.address();
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }

  /** Returns what threads did that had not attached, one line each. */
  List<String> strangers() {
    return List.copyOf(strangers);
  }

  /** Fails if host memory was given to a stream that the device can't reach. */
  void checkHostMemory(Rule rule) {
    rule.check(unreachable.isEmpty(), "given to a stream: " + unreachable);
  }

  void host(String operation, MemorySegment memory) {
    if (!memory.isAccessibleBy(DEVICE_THREAD)) {
      unreachable.add(operation + " with memory for one thread only: " + memory);
    } else if (!memory.isNative() && !device().isCpu()) {
      unreachable.add(operation + " with memory that is not native: " + memory);
    }
  }

  void use(String operation) {
    if (!attached.contains(Thread.currentThread())) {
      strangers.add(operation + " on thread " + Thread.currentThread().getName());
    }
  }

  void failOperationOnDemand(String operation) throws LoadException {
    if (operationsUntilFailure.decrementAndGet() == 0) {
      throw new LoadException(device() + ": the testkit made this " + operation + " fail");
    }
  }

  @Override
  public void attach() {
    attached.add(Thread.currentThread());
    super.attach();
  }

  @Override
  public DeviceBuffer allocate(long bytes, long alignment) throws DeviceMemoryException {
    use("allocate");
    failAllocationOnDemand(bytes);
    return allocated(super.allocate(bytes, alignment));
  }

  @Override
  public DeviceBuffer allocateStaging(long bytes) throws DeviceMemoryException {
    use("allocateStaging");
    failAllocationOnDemand(bytes);
    DeviceBuffer buffer = tracked(super.allocateStaging(bytes));
    staging.add(buffer);
    return buffer;
  }

  @Override
  protected LateMemory lateMemory(LateMemory right) {
    return new TrackedLateMemory(right);
  }

  /** Late memory that counts as what {@link #allocate} gives. */
  private final class TrackedLateMemory implements LateMemory {
    private final LateMemory right;

    TrackedLateMemory(LateMemory right) {
      this.right = right;
    }

    @Override
    public long leastBytes() {
      return right.leastBytes();
    }

    @Override
    public LateBuffer allocate(long bytes, long alignment, LoadMemory memory)
        throws DeviceMemoryException {
      use("allocate");
      failAllocationOnDemand(bytes);
      LateBuffer late = right.allocate(bytes, alignment, memory);
      allocated(late.buffer());
      return late;
    }

    @Override
    public LatePages cover(List<MemorySegment> parts, LoadMemory memory)
        throws DeviceMemoryException {
      use("cover");
      failAllocationOnDemand(parts.stream().mapToLong(MemorySegment::byteSize).sum());
      return right.cover(parts, memory);
    }
  }

  private DeviceBuffer allocated(DeviceBuffer buffer) {
    allocated.add(tracked(buffer));
    mostBytes.accumulateAndGet(openBytes(), Math::max);
    return buffer;
  }

  private DeviceBuffer tracked(DeviceBuffer buffer) {
    buffers.add(buffer);
    return buffer;
  }

  private void failAllocationOnDemand(long bytes) throws DeviceMemoryException {
    if (allocationsUntilFailure.decrementAndGet() == 0) {
      throw new DeviceMemoryException(
          device(), bytes, -1, "the testkit made this allocation fail", null);
    }
  }

  @Override
  public DeviceStream newStream() throws LoadException {
    use("newStream");
    failOperationOnDemand("newStream");
    return super.newStream();
  }

  @Override
  protected DeviceStream stream(DeviceStream right) {
    TrackedStream stream = new TrackedStream(this, right);
    streams.add(stream);
    return stream;
  }

  /** Closes also what was left open. */
  @Override
  public void close() {
    attach();
    streams.forEach(TrackedStream::close);
    buffers.forEach(DeviceBuffer::close);
    super.close();
  }
}
