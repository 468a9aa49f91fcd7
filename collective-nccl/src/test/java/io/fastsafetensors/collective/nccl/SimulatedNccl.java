// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.device.cuda.simulated.SimulatedDriver;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
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
@SuppressWarnings("restricted") // calls simnccl.h
final class SimulatedNccl {
  private static final String BUNDLED = "org/bytedeco/cuda/linux-x86_64/";

  private final SymbolLookup symbols;

  private SimulatedNccl(Path library) {
    this.symbols = SymbolLookup.libraryLookup(library, Arena.global());
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
      build(
          folder.toString(),
          SimulatedDriver.library().getParent().toString(),
          unpack(folder, "libjnicudart.so").toString(),
          unpack(folder, "libjninccl.so").toString());
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

  private static void build(String... arguments) throws IOException {
    String script = Path.of("src", "test", "c", "build").toAbsolutePath().toString();
    ProcessBuilder builder = new ProcessBuilder(script);
    builder.command().addAll(List.of(arguments));
    Process build = builder.redirectErrorStream(true).start();
    String output = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      assertThat(build.waitFor()).as(output).isZero();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Returns how many communicators live. */
  long live() {
    try {
      return (long)
          Linker.nativeLinker()
              .downcallHandle(
                  symbols.findOrThrow("sim_nccl_live"),
                  FunctionDescriptor.of(ValueLayout.JAVA_LONG))
              .invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Makes the n-th call of a function from now fail with a result of NCCL's. */
  void fail(String call, long nth, int result) {
    try (Arena arena = Arena.ofConfined()) {
      Linker.nativeLinker()
          .downcallHandle(
              symbols.findOrThrow("sim_nccl_fault"),
              FunctionDescriptor.ofVoid(
                  ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT))
          .invokeExact(arena.allocateFrom(call), nth, result);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Makes the n-th call from now hang until its communicator is aborted, or until the reset. */
  void hang(String call, long nth) {
    fail(call, nth, 0);
  }

  /** Forgets what was to fail or hang, and lets go what hangs. */
  void reset() {
    try {
      Linker.nativeLinker()
          .downcallHandle(symbols.findOrThrow("sim_nccl_reset"), FunctionDescriptor.ofVoid())
          .invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
