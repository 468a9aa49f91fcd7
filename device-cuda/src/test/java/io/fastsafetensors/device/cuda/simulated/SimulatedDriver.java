// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.simulated;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;

/**
 * A CUDA driver over host memory, built from {@code src/test/c} by gcc and loaded into this process
 * in place of a real one, with its switches and counters. It proves nothing of a GPU.
 *
 * <p>With the environment variable {@code FST_CUDA_DRIVER=real} the real driver stays, and tests
 * that need the switches are skipped.
 */
@SuppressWarnings({"restricted", "EnumOrdinal"}) // calls sim.h, whose numbers the enums have
public final class SimulatedDriver {
  private static final String NATIVE = "libJCudaDriver-12.6.0-linux-x86_64.so";

  /** What is counted while it lives. */
  public enum Live {
    MEMORY,
    PINNED,
    STREAMS,
    EVENTS,
    CONTEXTS,
    MODULES
  }

  /**
   * What fails on demand: an allocation, a call, an operation when carried out, a handle's making.
   */
  public enum Fault {
    ALLOCATION,
    CALL,
    OPERATION,
    HANDLE
  }

  private final SimulatedLibrary switches;

  private SimulatedDriver(Path library) {
    this.switches = new SimulatedLibrary(library);
  }

  /** Tells whether tests are to use the real driver. */
  public static boolean isReal() {
    return "real".equals(System.getenv("FST_CUDA_DRIVER"));
  }

  /** Makes sure that there is a driver, simulated or real; skips the test if gcc is missing. */
  public static void require() {
    if (!isReal()) {
      get();
    }
  }

  /** Returns the simulated driver; skips the test, visibly, where there is none. */
  public static SimulatedDriver get() {
    Assumptions.assumeFalse(isReal(), "FST_CUDA_DRIVER=real: the real driver has no switches");
    Assumptions.assumeTrue(
        isOnPath("gcc") && isOnPath("nm"),
        "the simulated CUDA driver is built by gcc and nm: install them");
    return Loaded.DRIVER;
  }

  private static boolean isOnPath(String program) {
    return Arrays.stream(System.getenv("PATH").split(":", -1))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  /** Returns the library, built if needed, for processes that load it themselves. */
  public static Path library() {
    Path folder = Path.of("..", "device-cuda", "target", "simulated").toAbsolutePath().normalize();
    try {
      Files.createDirectories(folder);
      Path needing = folder.resolve(NATIVE);
      if (!Files.exists(needing)) {
        unpack(needing);
      }
      Path script = folder.resolve(Path.of("..", "..", "src", "test", "c", "build")).normalize();
      SimulatedLibrary.build(script, folder, needing);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return folder.resolve("libcuda.so.1");
  }

  private static void unpack(Path target) throws IOException {
    Path partial = Files.createTempFile(target.getParent(), "native", ".so");
    try (InputStream library = open()) {
      Files.copy(library, partial, StandardCopyOption.REPLACE_EXISTING);
    }
    Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
  }

  private static InputStream open() throws IOException {
    var natives = ModuleLayer.boot().findModule("jcuda.natives");
    return natives.isPresent()
        ? natives.get().getResourceAsStream("lib/" + NATIVE)
        : ClassLoader.getSystemResourceAsStream("lib/" + NATIVE);
  }

  private static final class Loaded {
    static final SimulatedDriver DRIVER = load();

    private static SimulatedDriver load() {
      Path library = library();
      System.load(library.toString()); // JCuda's own library finds it by its soname
      return new SimulatedDriver(library);
    }
  }

  /** Returns how many of a kind live. */
  public long live(Live kind) {
    return call("sim_live", kind.ordinal());
  }

  /** Returns what lives, {@code memory 1, streams 2}; empty if nothing does. */
  public String alive() {
    return Arrays.stream(Live.values())
        .filter(kind -> live(kind) != 0)
        .map(kind -> kind.name().toLowerCase(Locale.ROOT) + " " + live(kind))
        .collect(Collectors.joining(", "));
  }

  /** Makes the n-th use of a kind from now fail; 0 none. */
  public void fail(Fault kind, long nth) {
    call("sim_fail", kind.ordinal(), nth);
  }

  /** Tells whether the failure that was asked for last is still to come. */
  public boolean isToFail(Fault kind) {
    return call("sim_until_failure", kind.ordinal()) > 0;
  }

  /** Returns how many uses of a kind there were so far, failed ones too. */
  public long uses(Fault kind) {
    return call("sim_uses", kind.ordinal());
  }

  /** Takes the devices' memory away, so that they use the host's, or gives it back. */
  public void integrate(boolean yes) {
    call("sim_integrated", yes ? 1 : 0);
  }

  /** Sets how late operations are carried out while nobody waits for them. */
  public void delay(Duration late) {
    call("sim_delay", late.toNanos());
  }

  /** Stops all streams, or lets them go on. */
  public void stall(boolean still) {
    call("sim_stall", still ? 1 : 0);
  }

  /** Returns how many mistakes of the caller the driver noticed. */
  public long violations() {
    return call("sim_violations");
  }

  /** Returns the last of them. */
  public String lastViolation() {
    FunctionDescriptor signature = FunctionDescriptor.of(ValueLayout.ADDRESS);
    var text = (MemorySegment) switches.call("sim_last_violation", signature, List.of());
    return text.reinterpret(1 << 10).getString(0);
  }

  /** Resets the switches. */
  public void reset() {
    List.of(Fault.values()).forEach(kind -> fail(kind, 0));
    stall(false);
    integrate(false);
    delay(Duration.ofMillis(20));
  }

  private long call(String function, long... arguments) {
    return switches.call(function, arguments);
  }
}
