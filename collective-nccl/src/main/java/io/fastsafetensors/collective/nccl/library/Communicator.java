// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl.library;

import io.fastsafetensors.format.LoadException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.nccl;
import org.bytedeco.cuda.nccl.ncclComm;
import org.bytedeco.cuda.nccl.ncclConfig_t;
import org.bytedeco.cuda.nccl.ncclUniqueId;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * A rank's communicator, of the kind whose calls don't block: after each, {@link #settle} waits
 * until it has taken effect. Used by one thread, but for {@link #abort}.
 */
public final class Communicator {
  private static final Logger LOG = System.getLogger(Communicator.class.getName());

  /** NCCL's mark of a configuration that was filled in, and how far ours is: up to "blocking". */
  private static final int MAGIC = 0xcafebeef;

  private static final int CONFIG_BYTES = 24;

  private final ncclComm handle;
  private final AtomicBoolean ended = new AtomicBoolean();

  private Communicator(ncclComm handle) {
    this.handle = handle;
  }

  /**
   * Makes what the ranks of a communicator find each other by: one makes it, all must know it. NCCL
   * listens for the others from now on.
   *
   * @return its bytes
   * @throws LoadException if NCCL refuses
   */
  public static byte[] newId() throws LoadException {
    try (ncclUniqueId id = new ncclUniqueId()) {
      NcclResults.check("ncclGetUniqueId", nccl.ncclGetUniqueId(id));
      byte[] bytes = new byte[nccl.NCCL_UNIQUE_ID_BYTES];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = id.internal(i);
      }
      return bytes;
    }
  }

  private static ncclUniqueId id(byte[] bytes) {
    ncclUniqueId id = new ncclUniqueId();
    for (int i = 0; i < bytes.length; i++) {
      id.internal(i, bytes[i]);
    }
    return id;
  }

  /**
   * Connects a rank to the others, on the calling thread's device.
   *
   * @param id what one rank made
   * @param rank this rank
   * @param size how many there are
   * @param pause what to do until all are here
   * @throws LoadException if NCCL can't, or the wait is to end: nothing is left then
   */
  public static Communicator connect(byte[] id, int rank, int size, Pause pause)
      throws LoadException {
    // Not the call that takes an ncclComm: until the connection stands, NCCL may write to the
    // address that it was given, which would be one of a stack frame that is gone.
    try (PointerPointer<ncclComm> made = new PointerPointer<>(1);
        ncclUniqueId all = id(id);
        ncclConfig_t config = config()) {
      made.put(0, null);
      NcclResults.check(
          "ncclCommInitRankConfig", nccl.ncclCommInitRankConfig(made, size, all, rank, config));
      Communicator communicator = new Communicator(made.get(ncclComm.class, 0));
      boolean done = false;
      try {
        communicator.settle(pause);
        done = true;
        return communicator;
      } finally {
        if (!done) {
          communicator.abort();
        }
      }
    }
  }

  /** Only what every NCCL that will do knows; it fills in the rest. */
  private static ncclConfig_t config() {
    return new ncclConfig_t()
        .size(CONFIG_BYTES)
        .magic(MAGIC)
        .version(NcclLibrary.OLDEST)
        .blocking(0);
  }

  /**
   * Waits until the last call has taken effect.
   *
   * @throws LoadException if it failed, or the wait is to end
   */
  public void settle(Pause pause) throws LoadException {
    while (state() == nccl.ncclInProgress) {
      pause.take();
    }
  }

  /**
   * Looks whether something failed meanwhile; never waits.
   *
   * @throws LoadException if so
   */
  public void check() throws LoadException {
    state();
  }

  private int state() throws LoadException {
    int[] state = new int[1];
    NcclResults.check("ncclCommGetAsyncError", nccl.ncclCommGetAsyncError(handle, state));
    NcclResults.check("NCCL", state[0]);
    return state[0];
  }

  /** Queues a copy from one rank's memory to all others', at addresses of the device. */
  public void broadcast(long address, long bytes, int root, long stream) throws LoadException {
    Address data = new Address(address);
    NcclResults.check(
        "ncclBroadcast",
        nccl.ncclBroadcast(data, data, bytes, nccl.ncclUint8, root, handle, stream(stream)));
  }

  /** Queues what another rank receives. */
  public void send(long address, long bytes, int peer, long stream) throws LoadException {
    NcclResults.check(
        "ncclSend",
        nccl.ncclSend(new Address(address), bytes, nccl.ncclUint8, peer, handle, stream(stream)));
  }

  /** Queues what another rank sends. */
  public void receive(long address, long bytes, int peer, long stream) throws LoadException {
    NcclResults.check(
        "ncclRecv",
        nccl.ncclRecv(new Address(address), bytes, nccl.ncclUint8, peer, handle, stream(stream)));
  }

  private static CUstream_st stream(long handle) {
    return new CUstream_st(new Address(handle));
  }

  /** Calls that are to be one operation. */
  @FunctionalInterface
  public interface Calls {
    void make() throws LoadException;
  }

  /** Makes calls as one operation, so that none waits for another. */
  public void together(Calls calls) throws LoadException {
    NcclResults.check("ncclGroupStart", nccl.ncclGroupStart());
    boolean done = false;
    try {
      calls.make();
      done = true;
    } finally {
      int code = nccl.ncclGroupEnd();
      if (done) {
        NcclResults.check("ncclGroupEnd", code);
      }
    }
  }

  /**
   * Ends it in order, after all that was queued. A second call does nothing.
   *
   * @throws LoadException if that fails, or the wait is to end; then it is to be aborted
   */
  public void finish(Pause pause) throws LoadException {
    if (ended.get()) {
      return;
    }
    NcclResults.check("ncclCommFinalize", nccl.ncclCommFinalize(handle));
    settle(pause);
    if (ended.compareAndSet(false, true)) {
      NcclResults.check("ncclCommDestroy", nccl.ncclCommDestroy(handle));
    }
  }

  /** Ends it at once with what is under way; from any thread. A second call does nothing. */
  public void abort() {
    if (ended.compareAndSet(false, true)) {
      int code = nccl.ncclCommAbort(handle);
      if (code != nccl.ncclSuccess) {
        LOG.log(Level.WARNING, "ncclCommAbort: {0}", NcclResults.describe(code));
      }
    }
  }

  /** A pointer to what JavaCPP neither made nor frees. */
  static final class Address extends Pointer {
    Address(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }

  /** What a wait does between two looks. */
  @FunctionalInterface
  public interface Pause {
    /**
     * Lets a little time pass.
     *
     * @throws LoadException if the wait is to end
     */
    void take() throws LoadException;
  }
}
