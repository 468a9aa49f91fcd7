// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.cufile;

import io.fastsafetensors.spi.Provider.Option;
import io.fastsafetensors.toolkit.plugin.Settings;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What came of binding {@code libcufile.so.0}. Binding does not open its driver. */
public sealed interface CuFileBinding {
  /** Which library is taken. */
  Option<String> LIBRARY =
      Option.text("gds.library")
          .ofProcess()
          .environmentVariable("FST_CUFILE_LIBRARY")
          .describedAs(
              "The file of libcufile.so.0. Without it the dynamic linker is asked, then CUDA"
                  + " toolkits and Python wheels are looked through.");

  /**
   * It can be called.
   *
   * @param cufile the library
   * @param driver its driver, opened when first needed
   */
  record Bound(CuFile cufile, Driver driver) implements CuFileBinding {}

  /**
   * It can't.
   *
   * @param reason why not, and what to do about it, one line
   * @param cause what was thrown, or null
   */
  record Missing(String reason, @Nullable Throwable cause) implements CuFileBinding {}

  /** Looks for the library and binds it, once a process; never throws. */
  static CuFileBinding get() {
    return Cached.BINDING;
  }

  /** Binds the first of these that is there; names as {@code dlopen} takes them, or paths. */
  static CuFileBinding of(String os, String arch, List<String> candidates) {
    Optional<Integer> directFlag = directFlag(arch);
    if (!os.equals("Linux") || directFlag.isEmpty()) {
      return new Missing("needs Linux on x86-64 or aarch64, this is " + os + " on " + arch, null);
    }
    try {
      for (String candidate : candidates) {
        Optional<SymbolLookup> library = open(candidate);
        if (library.isPresent()) {
          return bound(new CuFile(Functions.bind(library.get(), directFlag.get()), candidate));
        }
      }
      return notFound(candidates);
    } catch (IllegalCallerException e) {
      return new Missing("native access is denied: pass --enable-native-access=" + module(), e);
    } catch (UnsupportedOperationException | LinkageError | NoSuchElementException e) {
      return new Missing("libcufile.so.0 can't be bound: " + e.getMessage(), e);
    }
  }

  private static CuFileBinding bound(CuFile cufile) {
    return new Bound(cufile, new Driver(cufile));
  }

  @SuppressWarnings("restricted")
  private static Optional<SymbolLookup> open(String library) {
    try {
      return Optional.of(SymbolLookup.libraryLookup(library, Arena.global()));
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // dlopen did not find it, or not what it needs
    }
  }

  private static CuFileBinding notFound(List<String> candidates) {
    return candidates.size() == 1
        ? new Missing(candidates.getFirst() + ", asked for by a setting, can't be loaded", null)
        : new Missing(
            "libcufile.so.0 was not found, not in CUDA toolkits and Python wheels either: install"
                + " NVIDIA's package libcufile or the wheel nvidia-cufile, or set "
                + LIBRARY.environmentVariable(),
            null);
  }

  private static Optional<Integer> directFlag(String arch) {
    return switch (arch) {
      case "amd64", "x86_64" -> Optional.of(0x4000);
      case "aarch64", "arm64" -> Optional.of(0x10000);
      default -> Optional.empty();
    };
  }

  private static String module() {
    Module module = CuFileBinding.class.getModule();
    return module.isNamed() ? module.getName() : "ALL-UNNAMED";
  }

  /** Binds when first asked for, so that merely listing providers loads nothing native. */
  final class Cached {
    private static final CuFileBinding BINDING =
        of(
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            Libraries.candidates(Settings.value(LIBRARY), System.getenv()));

    private Cached() {}
  }
}
