// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl.library;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Provider.Option;
import io.fastsafetensors.toolkit.plugin.NativeBinding;
import io.fastsafetensors.toolkit.plugin.UnavailableException;
import java.io.IOException;
import org.bytedeco.cuda.global.nccl;

/**
 * NCCL, loaded.
 *
 * @param version its number of its version, 23007 for 2.30.7
 */
public record NcclLibrary(int version) {
  /** Where to look first. */
  public static final Option<String> FOLDERS =
      Option.text("nccl.path")
          .ofProcess()
          .describedAs(
              "Folders to look in for NCCL and the CUDA runtime, joined as in PATH; before"
                  + " /usr/local/cuda/lib64 and where the dynamic loader looks.");

  /** The oldest NCCL with communicators that don't block: {@code ncclConfig_t} came with it. */
  static final int OLDEST = 21_400;

  /** That of this process. */
  public static final NativeBinding<NcclLibrary> SYSTEM =
      new NativeBinding<>("NCCL", NcclLibrary::load, "org.bytedeco.javacpp", "org.bytedeco.cuda");

  /** Returns the version as people write it. */
  public String versionText() {
    return version / 10_000 + "." + version % 10_000 / 100 + "." + version % 100;
  }

  private static NcclLibrary load() throws LoadException {
    String platform = System.getProperty("os.name") + " on " + System.getProperty("os.arch");
    if (!platform.equals("Linux on amd64")) {
      throw new UnavailableException(
          "plugin.other-platform", "needs Linux on amd64, this is " + platform);
    }
    try {
      Natives.load();
    } catch (IOException e) {
      throw new LoadException("JavaCPP's native libraries can't be unpacked: " + e, e);
    } catch (LinkageError e) {
      throw new LoadException(MissingLibrary.reason(e), e);
    }
    return checked();
  }

  private static NcclLibrary checked() throws LoadException {
    int[] version = new int[1];
    int code = nccl.ncclGetVersion(version);
    if (code != nccl.ncclSuccess) {
      throw new LoadException("ncclGetVersion: " + NcclResults.describe(code));
    }
    NcclLibrary loaded = new NcclLibrary(version[0]);
    if (loaded.version() < OLDEST) {
      throw new UnavailableException(
          "plugin.other-version", "NCCL is " + loaded.versionText() + ": install 2.14 or later");
    }
    return loaded;
  }
}
