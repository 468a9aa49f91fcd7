// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.plugin;

import io.fastsafetensors.Reason;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A native library, bound once and when first asked for, or the reason why it can't be called. The
 * plug-in makes the restricted calls itself, so that it is its module that needs native access.
 * Thread-safe; blocks while the library is bound.
 *
 * @param <T> the library
 * @since 0.1
 */
public final class NativeBinding<T> {
  private final String name;
  private final Callable<T> binder;
  private final String[] modules;
  private @Nullable T library;
  private @Nullable UnavailableException missing;

  /**
   * Makes the binding of a library that nothing is done for yet.
   *
   * @param name the library, for reasons
   * @param binder binds it; a {@link LoadException} is a reason in whole, with its remedy, and an
   *     {@link UnavailableException} has its code, too
   * @param modules the modules that make restricted calls
   */
  public NativeBinding(String name, Callable<T> binder, String... modules) {
    this.name = name;
    this.binder = binder;
    this.modules = modules;
  }

  /**
   * Requires Linux on a processor whose numbers plug-ins know.
   *
   * @param os the system, as in the property {@code os.name}
   * @param arch the processor, as in the property {@code os.arch}
   * @return the processor, {@code x86_64} or {@code aarch64}
   * @throws LoadException if it is another
   */
  public static String linux(String os, String arch) throws LoadException {
    return switch (os + " on " + arch) {
      case "Linux on amd64", "Linux on x86_64" -> "x86_64";
      case "Linux on aarch64", "Linux on arm64" -> "aarch64";
      case String it ->
          throw new UnavailableException(
              "plugin.other-platform", "needs Linux on x86-64 or aarch64, this is " + it);
    };
  }

  /**
   * Answers a probe.
   *
   * @param probe what a library that can be called answers
   * @return that, or that it is unavailable and why
   */
  public Availability availability(Function<? super T, Availability> probe) {
    try {
      return probe.apply(get());
    } catch (LoadException e) {
      return UnavailableException.answer(e, "plugin.no-library");
    }
  }

  /**
   * Returns the library.
   *
   * @return always the same
   * @throws LoadException if it can't be called; it says why
   */
  public synchronized T get() throws LoadException {
    if (missing != null) {
      throw new UnavailableException(missing.reason(), missing.getCause());
    }
    T known = library;
    if (known == null) {
      known = bind();
      library = known;
    }
    return known;
  }

  private T bind() throws LoadException {
    try {
      return binder.call();
    } catch (UnavailableException e) {
      missing = e;
    } catch (LoadException e) {
      missing = missing("plugin.no-library", String.valueOf(e.getMessage()), e.getCause());
    } catch (IllegalCallerException e) {
      missing = missing("plugin.no-native-access", denied(), e);
    } catch (Exception | LinkageError e) {
      missing = missing("plugin.no-library", name + " can't be bound: " + e.getMessage(), e);
    }
    throw missing;
  }

  private static UnavailableException missing(String code, String text, @Nullable Throwable cause) {
    return new UnavailableException(Reason.of(code, text), cause);
  }

  private String denied() {
    boolean isModule = binder.getClass().getModule().isNamed();
    return "native access is denied: pass --enable-native-access="
        + (isModule ? String.join(",", modules) : "ALL-UNNAMED");
  }
}
