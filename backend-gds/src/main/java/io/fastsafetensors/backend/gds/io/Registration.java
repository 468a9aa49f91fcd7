// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.backend.gds.cufile.CuFile;
import io.fastsafetensors.backend.gds.cufile.CuFileException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * Registers device memory, a block at a time, so that no more is pinned than is being read into.
 * Where that fails once, the session goes on without: cuFile then reads by way of its own memory on
 * the device. Thread-safe.
 */
final class Registration {
  private static final Logger LOG = System.getLogger(Registration.class.getName());

  private final CuFile cufile;
  private final boolean wanted;
  private volatile @Nullable CuFileException refusal;

  Registration(CuFile cufile, boolean wanted) {
    this.cufile = cufile;
    this.wanted = wanted;
  }

  /** Registers memory, if that goes; who gets true gives it back by {@link #end}. */
  boolean begin(long address, long bytes) {
    if (!wanted || refusal != null) {
      return false;
    }
    try {
      cufile.registerMemory(address, bytes);
      return true;
    } catch (CuFileException e) {
      refusal = e;
      return false;
    }
  }

  void end(long address) {
    try {
      cufile.deregisterMemory(address);
    } catch (CuFileException e) {
      LOG.log(Level.ERROR, "device memory stays registered with cuFile", e);
    }
  }

  /** Says what became of it, for operators; empty if it is as it should be. */
  String explain() {
    CuFileException why = refusal;
    if (why != null) {
      return "; by cuFile's own device memory: " + why.getMessage();
    }
    return wanted ? "" : "; by cuFile's own device memory: gds.register=false";
  }
}
