// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import io.fastsafetensors.Tensor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The capsules that native code has, by the address of their struct: so nothing is read of what a
 * wrong second call hands in, which is freed by then.
 */
final class TakenCapsules {
  private static final Logger LOG = System.getLogger(TakenCapsules.class.getName());
  private static final Map<Long, Capsule> TAKEN = new ConcurrentHashMap<>();

  /** What could not be closed, since an I/O operation of the JDK was using the memory. */
  private static final Queue<Tensor> IN_USE = new ConcurrentLinkedQueue<>();

  private static volatile boolean ending = endsWithTheJvm();

  private TakenCapsules() {}

  /**
   * Sees to it that no deleter calls into a JVM that has ended, which would end the process.
   *
   * @return true if the JVM is ending already
   */
  private static boolean endsWithTheJvm() {
    try {
      Runtime.getRuntime().addShutdownHook(new Thread(TakenCapsules::leaveAll, "fst-dlpack-end"));
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  private static void leaveAll() {
    ending = true;
    TAKEN.values().forEach(Capsule::leaveToProcess);
  }

  /** Takes note of a capsule whose address is about to be handed out. */
  static void add(long address, Capsule capsule) {
    TAKEN.put(address, capsule);
    if (ending) {
      capsule.leaveToProcess();
    }
  }

  /** Returns how many there are. */
  static int count() {
    return TAKEN.size();
  }

  /** The deleter: called by native code, on any thread. Nothing may be thrown into that. */
  static void delete(long address) {
    try {
      Capsule capsule = TAKEN.remove(address);
      if (capsule == null) {
        LOG.log(Level.WARNING, "a DLPack deleter was called twice for one tensor, or for none");
      } else {
        capsule.delete();
      }
    } catch (Throwable e) {
      complain(e);
    }
  }

  private static void complain(Throwable e) {
    try {
      LOG.log(Level.WARNING, "a tensor that DLPack gave back can't be freed", e);
    } catch (Throwable _) {
      // No memory left to say so.
    }
  }

  /** Closes a tensor, and then what could not be closed before; what can't be closed waits here. */
  static void close(Tensor tensor) {
    Tensor next = tensor;
    while (next != null && isClosed(next)) {
      next = IN_USE.poll();
    }
  }

  private static boolean isClosed(Tensor tensor) {
    try {
      tensor.close();
      return true;
    } catch (IllegalStateException e) {
      LOG.log(Level.DEBUG, "a tensor is in use: it is closed with the next", e);
      IN_USE.add(tensor);
      return false;
    }
  }
}
