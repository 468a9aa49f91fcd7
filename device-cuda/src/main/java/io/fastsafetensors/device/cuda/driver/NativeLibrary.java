// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import jcuda.LibUtils;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * JCuda's native library, loaded so that neither other processes nor the kind of path matter.
 *
 * <p>Left alone, JCuda looks for the library inside its own module only, where it isn't, and
 * unpacks it to one name in the shared folder for temporary files, where any process may have put
 * something else or be writing at the moment.
 */
final class NativeLibrary {
  private static final String CLASS = "jcuda.driver.JCudaDriver";
  private static final String TEMPORARY = "java.io.tmpdir";
  private static final String NATIVES = "jcuda.natives";
  private static final String ARCH =
      System.getProperty("os.arch").equals("amd64") ? "x86_64" : "aarch64";
  private static final String NAME = "JCudaDriver-12.6.0-linux-" + ARCH;

  private NativeLibrary() {}

  /**
   * Loads the library by initialising JCuda's class.
   *
   * @throws IOException if the library can't be unpacked
   * @throws LinkageError if it, or the driver that it needs, can't be loaded
   * @throws ClassNotFoundException if JCuda isn't there
   */
  static void load() throws IOException, ClassNotFoundException {
    Path folder = Files.createTempDirectory("fastsafetensors-cuda");
    Path file = folder.resolve(System.mapLibraryName(NAME));
    try {
      unpack(file);
      initialise(folder);
    } finally {
      // Once it is loaded, the file's name isn't needed any more.
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }

  /** Without the library anywhere, JCuda may still find one by java.library.path. */
  private static void unpack(Path file) throws IOException {
    try (InputStream library = open("lib/" + file.getFileName())) {
      if (library != null) {
        Files.copy(library, file);
      }
    }
  }

  private static @Nullable InputStream open(String name) throws IOException {
    ModuleLayer layer = JCudaDriver.class.getModule().getLayer();
    Optional<Module> natives = layer == null ? Optional.empty() : layer.findModule(NATIVES);
    return natives.isPresent()
        ? natives.get().getResourceAsStream(name)
        : JCudaDriver.class.getClassLoader().getResourceAsStream(name);
  }

  /** JCuda reads the property when it loads, and takes the file that it finds in that folder. */
  private static void initialise(Path folder) throws ClassNotFoundException {
    String before = System.setProperty(TEMPORARY, folder.toString());
    try {
      Class.forName(CLASS, true, LibUtils.class.getClassLoader());
    } finally {
      System.setProperty(TEMPORARY, before);
    }
  }
}
