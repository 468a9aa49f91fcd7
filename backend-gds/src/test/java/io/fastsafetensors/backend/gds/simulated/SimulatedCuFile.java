// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.simulated;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.backend.gds.cufile.Binding;
import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * A cuFile over the simulated CUDA driver, built from {@code src/test/c} by gcc, with its switches
 * and counters. It proves nothing of GPUDirect Storage.
 */
@SuppressWarnings({"restricted", "EnumOrdinal"}) // calls the switches, by number
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

  private final SymbolLookup symbols;

  private SimulatedCuFile(Path library) {
    this.symbols = SymbolLookup.libraryLookup(library, Arena.global());
  }

  /** Returns it, over the simulated driver; skips the test, visibly, where that can't be built. */
  public static SimulatedCuFile get() {
    SimulatedDriver.get();
    return Loaded.CUFILE;
  }

  /** Binds it anew, with a driver that nobody opened yet. */
  public static Binding newBinding() {
    get();
    return Binding.of("Linux", System.getProperty("os.arch"), List.of(Loaded.LIBRARY.toString()));
  }

  private static final class Loaded {
    static final Path LIBRARY = build();
    static final SimulatedCuFile CUFILE = new SimulatedCuFile(LIBRARY);

    private static Path build() {
      Path folder = Path.of("target", "simulated").toAbsolutePath();
      String script = Path.of("src", "test", "c", "build").toAbsolutePath().toString();
      try {
        Process build =
            new ProcessBuilder(script, folder + "", SimulatedDriver.library() + "")
                .redirectErrorStream(true)
                .start();
        String output = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(build.waitFor()).as(output).isZero();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
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
    ValueLayout[] layouts = new ValueLayout[arguments.length];
    Arrays.fill(layouts, ValueLayout.JAVA_LONG);
    try {
      return (long)
          Linker.nativeLinker()
              .downcallHandle(
                  symbols.findOrThrow(function),
                  FunctionDescriptor.of(ValueLayout.JAVA_LONG, layouts))
              .invokeWithArguments(Arrays.stream(arguments).boxed().toList());
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
