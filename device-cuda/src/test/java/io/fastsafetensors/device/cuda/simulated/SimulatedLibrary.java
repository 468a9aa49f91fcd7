// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.simulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A library that a script builds by gcc, and that has switches and counters for tests. */
@SuppressWarnings("restricted") // calls the switches
public final class SimulatedLibrary {
  private final SymbolLookup symbols;

  /** Loads the library, for as long as the process lives. */
  public SimulatedLibrary(Path file) {
    this.symbols = SymbolLookup.libraryLookup(file, Arena.global());
  }

  /** Runs the script that builds libraries into a folder. */
  public static void build(Path script, Path folder, Path... needed) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(script.toString(), folder.toString());
    builder.command().addAll(Arrays.stream(needed).map(Path::toString).toList());
    Process build = builder.redirectErrorStream(true).start();
    String output = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      assertThat(build.waitFor()).as(output).isZero();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Calls a function of numbers that returns one. */
  public long call(String function, long... arguments) {
    ValueLayout[] layouts = new ValueLayout[arguments.length];
    Arrays.fill(layouts, ValueLayout.JAVA_LONG);
    FunctionDescriptor signature = FunctionDescriptor.of(ValueLayout.JAVA_LONG, layouts);
    return (long) call(function, signature, Arrays.stream(arguments).boxed().toList());
  }

  /** Calls a function of any signature. */
  public Object call(String function, FunctionDescriptor signature, List<?> arguments) {
    MethodHandle handle =
        Linker.nativeLinker().downcallHandle(symbols.findOrThrow(function), signature);
    try {
      return handle.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
