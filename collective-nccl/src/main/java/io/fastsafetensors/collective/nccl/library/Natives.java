// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl.library;

import io.fastsafetensors.toolkit.plugin.Settings;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.cuda.global.nccl;
import org.bytedeco.javacpp.Loader;

/**
 * JavaCPP's native libraries and those that they need, loaded so that no option is needed for it.
 *
 * <p>On the class path JavaCPP finds its own. On the module path nothing requires the modules that
 * hold them, so that it doesn't, unless they are added by hand: then they are taken from their jars
 * here, to a private folder that is gone once they are loaded.
 */
final class Natives {
  private static final String TOOLKIT = "/usr/local/cuda/lib64";
  private static final String PLATFORM = "linux-x86_64";

  /**
   * A library in a jar.
   *
   * @param name JavaCPP's name of it
   * @param module the module whose jar has it
   * @param folder where in the jar
   */
  private record Bundled(String name, String module, String folder) {
    String file() {
      return System.mapLibraryName(name);
    }

    String resource() {
      return folder + PLATFORM + "/" + file();
    }
  }

  private static final List<Bundled> BUNDLED =
      List.of(
          new Bundled("jnijavacpp", "org.bytedeco.javacpp.linux.x86_64", "org/bytedeco/javacpp/"),
          new Bundled("jnicudart", "org.bytedeco.cuda.linux.x86_64", "org/bytedeco/cuda/"),
          new Bundled("jninccl", "org.bytedeco.cuda.linux.x86_64", "org/bytedeco/cuda/"));

  private Natives() {}

  /**
   * Loads all of them.
   *
   * @throws IOException if one can't be unpacked
   * @throws LinkageError if one, or one that it needs, can't be loaded
   */
  static void load() throws IOException {
    for (String needed : List.of("cudart@.13", "nccl@.2")) {
      for (Path library : inFolders(needed).toList()) {
        Loader.loadLibrary(nccl.class, new URL[] {library.toUri().toURL()}, needed);
      }
    }
    if (BUNDLED.stream().allMatch(Natives::isFound)) {
      Loader.load(nccl.class);
    } else {
      loadFromModulePath();
    }
  }

  /** Where it is in none of these, the system's own search must do. */
  private static Stream<Path> inFolders(String library) {
    String folders = Settings.value(NcclLibrary.FOLDERS);
    String file = "lib" + library.replace("@", ".so");
    return Stream.concat(Arrays.stream(folders.split(File.pathSeparator)), Stream.of(TOOLKIT))
        .filter(folder -> !folder.isBlank())
        .map(folder -> Path.of(folder, file).toAbsolutePath())
        .filter(Files::isReadable)
        .limit(1);
  }

  private static boolean isFound(Bundled library) {
    return nccl.class.getResource("/" + library.resource()) != null;
  }

  private static void loadFromModulePath() throws IOException {
    String path = System.getProperty("jdk.module.path", "");
    ModuleFinder jars =
        ModuleFinder.of(
            Arrays.stream(path.split(File.pathSeparator)).map(Path::of).toArray(Path[]::new));
    Path folder = Files.createTempDirectory("fastsafetensors-nccl");
    try {
      for (Bundled library : BUNDLED) {
        Optional<ModuleReference> jar = jars.find(library.module());
        if (jar.isPresent()) {
          load(library, jar.get(), folder.resolve(library.file()));
        }
      }
    } finally {
      Files.delete(folder);
    }
  }

  private static void load(Bundled library, ModuleReference jar, Path file) throws IOException {
    try {
      try (ModuleReader reader = jar.open();
          InputStream in = reader.open(library.resource()).orElseThrow()) {
        Files.copy(in, file);
      }
      Loader.loadLibrary(nccl.class, new URL[] {file.toUri().toURL()}, library.name());
    } finally {
      // Once it is loaded, the file's name isn't needed any more.
      Files.deleteIfExists(file);
    }
  }
}
