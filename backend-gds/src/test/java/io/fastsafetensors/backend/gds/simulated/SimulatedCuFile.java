// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.simulated;

import io.fastsafetensors.backend.gds.cufile.CuFileBinding;
import io.fastsafetensors.backend.gds.cufile.CuFileBinding.Bound;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import io.fastsafetensors.device.cuda.simulated.SimulatedLibrary;
import io.fastsafetensors.toolkit.plugin.NativeBinding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A cuFile over the simulated CUDA driver, built from {@code src/test/c} by gcc, with its switches
 * and counters. It proves nothing of GPUDirect Storage.
 */
@SuppressWarnings("EnumOrdinal") // calls the switches, by number
public final class SimulatedCuFile {
  /** Calls that fail on demand. */
  public enum Call {
    OPEN,
    PROPERTIES,
    HANDLE,
    REGISTER,
    DEREGISTER,
    READ,
    SHORT_READ
  }

  /** What is counted. */
  public enum Fact {
    LIVE_HANDLES,
    LIVE_WINDOWS,
    PEAK_WINDOW_BYTES,
    OPENS,
    READS,
    READ_BYTES,
    DIRECT_READS
  }

  private final SimulatedLibrary switches;

  private SimulatedCuFile(Path library) {
    this.switches = new SimulatedLibrary(library);
  }

  /** Returns it, over the simulated driver; skips the test, visibly, where that can't be built. */
  public static SimulatedCuFile get() {
    SimulatedDriver.get();
    return Loaded.CUFILE;
  }

  /** Binds it anew, with a driver that nobody opened yet. */
  public static NativeBinding<Bound> newBinding() {
    get();
    return CuFileBinding.of(
        "Linux", System.getProperty("os.arch"), () -> List.of(Loaded.LIBRARY.toString()));
  }

  private static final class Loaded {
    static final Path LIBRARY = build();
    static final SimulatedCuFile CUFILE = new SimulatedCuFile(LIBRARY);

    private static Path build() {
      Path folder = Path.of("target", "simulated").toAbsolutePath();
      Path script = Path.of("src", "test", "c", "build").toAbsolutePath();
      try {
        SimulatedLibrary.build(script, folder, SimulatedDriver.library());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return folder.resolve("libcufile.so.0");
    }
  }

  /** Returns a count. */
  public long fact(Fact which) {
    return call("sim_cufile_fact", which.ordinal());
  }

  /** Makes the n-th call of a kind from now answer a code. */
  public void fail(Call which, long nth, long code) {
    call("sim_cufile_fail", which.ordinal(), nth, code);
  }

  /** Tells whether the failure that was asked for last is still to come. */
  public boolean isToFail(Call which) {
    return call("sim_cufile_until_failure", which.ordinal()) > 0;
  }

  /** Makes opening the driver slow. */
  public void slowOpen(Duration time) {
    call("sim_cufile_slow_open", time.toNanos());
  }

  /** Sets what the driver says: version of nvidia-fs, kinds of storage, features, as bits. */
  public void driver(long version, long targets, long features) {
    call("sim_cufile_driver", version, targets, features);
  }

  /** Returns how many mistakes of the caller it noticed. */
  public long violations() {
    return call("sim_cufile_violations");
  }

  /** Resets switches and counters. */
  public void reset() {
    call("sim_cufile_reset");
  }

  private long call(String function, long... arguments) {
    return switches.call(function, arguments);
  }
}
