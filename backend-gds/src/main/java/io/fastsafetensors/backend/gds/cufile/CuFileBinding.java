// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.cufile;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Provider.Option;
import io.fastsafetensors.toolkit.plugin.NativeBinding;
import io.fastsafetensors.toolkit.plugin.Settings;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Binds {@code libcufile.so.0}; that does not open its driver. */
public final class CuFileBinding {
  /** Which library is taken. */
  public static final Option<String> LIBRARY =
      Option.text("gds.library")
          .ofProcess()
          .environmentVariable("FST_CUFILE_LIBRARY")
          .describedAs(
              "The file of libcufile.so.0. Without it the dynamic linker is asked, then CUDA"
                  + " toolkits and Python wheels are looked through.");

  /** That of this process. */
  public static final NativeBinding<Bound> SYSTEM =
      of(
          System.getProperty("os.name"),
          System.getProperty("os.arch"),
          () -> Libraries.candidates(Settings.value(LIBRARY), System.getenv()));

  private CuFileBinding() {}

  /**
   * It can be called.
   *
   * @param cufile the library
   * @param driver its driver, opened when first needed
   */
  public record Bound(CuFile cufile, Driver driver) {}

  /** Takes the first of these that is there; names as {@code dlopen} takes them, or paths. */
  public static NativeBinding<Bound> of(String os, String arch, Supplier<List<String>> candidates) {
    return new NativeBinding<>(
        "libcufile.so.0",
        () -> {
          boolean isX86 = NativeBinding.linux(os, arch).equals("x86_64");
          return bind(candidates.get(), isX86 ? 0x4000 : 0x10000);
        },
        "io.fastsafetensors.backend.gds");
  }

  private static Bound bind(List<String> candidates, int directFlag) throws LoadException {
    for (String candidate : candidates) {
      Optional<SymbolLookup> library = open(candidate);
      if (library.isPresent()) {
        CuFile cufile = new CuFile(Functions.bind(library.get(), directFlag), candidate);
        return new Bound(cufile, new Driver(cufile));
      }
    }
    throw new LoadException(
        candidates.size() == 1
            ? candidates.getFirst() + ", asked for by a setting, can't be loaded"
            : "libcufile.so.0 was not found, not in CUDA toolkits and Python wheels either: install"
                + " NVIDIA's package libcufile or the wheel nvidia-cufile, or set "
                + LIBRARY.environmentVariable());
  }

  @SuppressWarnings("restricted")
  private static Optional<SymbolLookup> open(String library) {
    try {
      return Optional.of(SymbolLookup.libraryLookup(library, Arena.global()));
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // dlopen did not find it, or not what it needs
    }
  }
}
