// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl.library;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Provider.Option;
import java.io.IOException;
import org.bytedeco.cuda.global.nccl;
import org.jspecify.annotations.Nullable;

/** What came of loading NCCL. */
public sealed interface NcclLibrary {
  /** Where to look first. */
  Option<String> FOLDERS =
      Option.text("nccl.path")
          .ofProcess()
          .describedAs(
              "Folders to look in for NCCL and the CUDA runtime, joined as in PATH; before"
                  + " /usr/local/cuda/lib64 and where the dynamic loader looks.");

  /** The oldest NCCL with communicators that don't block: {@code ncclConfig_t} came with it. */
  int OLDEST = 21_400;

  /**
   * It can be called.
   *
   * @param version NCCL's number of its version, 23007 for 2.30.7
   */
  record Loaded(int version) implements NcclLibrary {
    /** Returns the version as people write it. */
    public String versionText() {
      return version / 10_000 + "." + version % 10_000 / 100 + "." + version % 100;
    }
  }

  /**
   * It can't.
   *
   * @param reason why not, and what to do about it, one line
   * @param cause what was thrown, or null
   */
  record Missing(String reason, @Nullable Throwable cause) implements NcclLibrary {}

  /** Loads it, once; never throws. */
  static NcclLibrary get() {
    return Cached.LIBRARY;
  }

  /**
   * Returns NCCL.
   *
   * @throws LoadException if it can't be called
   */
  default Loaded loaded() throws LoadException {
    return switch (this) {
      case Loaded loaded -> loaded;
      case Missing(String reason, Throwable cause) -> throw new LoadException(reason, cause);
    };
  }

  /** Loads when first asked for: merely listing providers loads nothing of JavaCPP. */
  final class Cached {
    private static final NcclLibrary LIBRARY = load();

    private Cached() {}

    private static NcclLibrary load() {
      String platform = System.getProperty("os.name") + " on " + System.getProperty("os.arch");
      if (!platform.equals("Linux on amd64")) {
        return new Missing("needs Linux on amd64, this is " + platform, null);
      }
      try {
        Natives.load();
        return version();
      } catch (IOException e) {
        return new Missing("JavaCPP's native libraries can't be unpacked: " + e, e);
      } catch (LinkageError | IllegalCallerException e) {
        return new Missing(MissingLibrary.reason(e), e);
      }
    }

    private static NcclLibrary version() {
      int[] version = new int[1];
      int code = nccl.ncclGetVersion(version);
      Loaded loaded = new Loaded(version[0]);
      if (code != nccl.ncclSuccess) {
        return new Missing("ncclGetVersion: " + NcclResults.describe(code), null);
      }
      return loaded.version() < OLDEST
          ? new Missing("NCCL is " + loaded.versionText() + ": install 2.14 or later", null)
          : loaded;
    }
  }
}
