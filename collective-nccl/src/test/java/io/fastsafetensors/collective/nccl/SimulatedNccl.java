// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import io.fastsafetensors.device.cuda.simulated.SimulatedLibrary;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/**
 * An NCCL over Unix sockets, built from {@code src/test/c} by gcc, on the simulated CUDA driver. It
 * proves nothing of a GPU.
 */
final class SimulatedNccl {
  private static final String BUNDLED = "org/bytedeco/cuda/linux-x86_64/";

  private final SimulatedLibrary switches;

  private SimulatedNccl(Path library) {
    this.switches = new SimulatedLibrary(library);
  }

  /** Returns it, with the driver loaded before; skips the test, visibly, where there is none. */
  static SimulatedNccl get() {
    SimulatedDriver.get();
    return Loaded.NCCL;
  }

  private static final class Loaded {
    static final SimulatedNccl NCCL = load();

    private static SimulatedNccl load() {
      Path folder = folder();
      System.setProperty("io.fastsafetensors.nccl.path", folder.toString());
      return new SimulatedNccl(folder.resolve("libnccl.so.2"));
    }
  }

  /** Returns where the libraries are, built if needed, for processes that load them themselves. */
  static Path folder() {
    Path folder = Path.of("target", "simulated").toAbsolutePath();
    try {
      Files.createDirectories(folder);
      SimulatedLibrary.build(
          Path.of("src", "test", "c", "build").toAbsolutePath(),
          folder,
          SimulatedDriver.library().getParent(),
          unpack(folder, "libjnicudart.so"),
          unpack(folder, "libjninccl.so"));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path unpack(Path folder, String name) throws IOException {
    Path target = folder.resolve(name);
    if (!Files.exists(target)) {
      Path partial = Files.createTempFile(folder, name, "");
      try (JarFile jar = new JarFile(nativesJar().toFile());
          InputStream in = jar.getInputStream(jar.getEntry(BUNDLED + name))) {
        Files.copy(in, partial, StandardCopyOption.REPLACE_EXISTING);
      }
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    }
    return target;
  }

  /** A jar whose module nobody requires has resources for nobody, so it is opened as a file. */
  private static Path nativesJar() {
    return Stream.of("jdk.module.path", "java.class.path")
        .flatMap(path -> Stream.of(System.getProperty(path, "").split(File.pathSeparator)))
        .map(Path::of)
        .filter(jar -> jar.getFileName().toString().matches("cuda-.*-linux-x86_64\\.jar"))
        .findFirst()
        .orElseThrow();
  }

  /** Returns how many communicators live. */
  long live() {
    return switches.call("sim_nccl_live");
  }

  /** Makes the n-th call of a function from now fail with a result of NCCL's. */
  void fail(String call, long nth, int result) {
    FunctionDescriptor signature =
        FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
    try (Arena arena = Arena.ofConfined()) {
      List<Object> arguments = List.of(arena.allocateFrom(call), nth, result);
      switches.call("sim_nccl_fault", signature, arguments);
    }
  }

  /** Makes the n-th call from now hang until its communicator is aborted, or until the reset. */
  void hang(String call, long nth) {
    fail(call, nth, 0);
  }

  /** Forgets what was to fail or hang, and lets go what hangs. */
  void reset() {
    switches.call("sim_nccl_reset", FunctionDescriptor.ofVoid(), List.of());
  }
}
