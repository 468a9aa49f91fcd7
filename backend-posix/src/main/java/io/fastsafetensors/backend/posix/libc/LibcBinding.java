// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Capability;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What came of binding the C library. */
public sealed interface LibcBinding {
  /** It can be called. */
  record Bound(Libc libc) implements LibcBinding {}

  /** It can't, and why. */
  record Missing(String reason, @Nullable Throwable cause) implements LibcBinding {}

  /** Binds the C library, once; never throws. */
  static LibcBinding get() {
    return Cached.BINDING;
  }

  /** Makes a binding for a system, named as in the properties {@code os.name, os.arch}. */
  static LibcBinding of(String os, String arch) {
    Optional<SystemCalls> calls = SystemCalls.of(arch);
    if (!os.equals("Linux") || calls.isEmpty()) {
      return new Missing("needs Linux on x86-64 or aarch64, this is " + os + " on " + arch, null);
    }
    try {
      return new Bound(new NativeLibc(Syscall.bind(), calls.get()));
    } catch (IllegalCallerException e) {
      return new Missing("native access is denied: pass --enable-native-access=" + module(), e);
    } catch (UnsupportedOperationException | LinkageError | NoSuchElementException e) {
      return new Missing("the C library can't be bound: " + e.getMessage(), e);
    }
  }

  private static String module() {
    Module module = LibcBinding.class.getModule();
    return module.isNamed() ? module.getName() : "ALL-UNNAMED";
  }

  /** Answers a probe. */
  default Availability availability(String detail, Capability... capabilities) {
    return switch (this) {
      case Bound _ -> Availability.available(detail, capabilities);
      case Missing(String reason, Throwable cause) -> Availability.unavailable(reason, cause);
    };
  }

  /**
   * Returns the C library.
   *
   * @throws LoadException if it can't be called
   */
  default Libc libc() throws LoadException {
    return switch (this) {
      case Bound(Libc libc) -> libc;
      case Missing(String reason, Throwable cause) -> throw new LoadException(reason, cause);
    };
  }

  /** Binds when first asked for, so that merely listing providers loads nothing native. */
  final class Cached {
    private static final LibcBinding BINDING =
        of(System.getProperty("os.name"), System.getProperty("os.arch"));

    private Cached() {}
  }
}
