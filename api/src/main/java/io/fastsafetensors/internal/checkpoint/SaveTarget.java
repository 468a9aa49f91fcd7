// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.checkpoint;

import io.fastsafetensors.internal.file.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Where a checkpoint is saved.
 *
 * @param folder the folder, absolute
 * @param base what the names of its files begin with
 * @param isNew whether the folder is to be made
 */
public record SaveTarget(Path folder, String base, boolean isNew) {
  private static final String SUFFIX = ".safetensors";
  private static final String BASE = "model";

  /**
   * Finds out what a path means.
   *
   * @param target a folder, there or not, or a path that ends with {@code .safetensors}
   * @throws IOException if nothing can be written there
   */
  public static SaveTarget of(Path target) throws IOException {
    Path absolute = target.toAbsolutePath().normalize();
    if (Files.isDirectory(absolute)) {
      return new SaveTarget(writable(absolute), BASE, false);
    }
    Path name = absolute.getFileName();
    if (name != null && name.toString().endsWith(SUFFIX)) {
      String text = name.toString();
      String base = text.substring(0, text.length() - SUFFIX.length());
      return new SaveTarget(writable(Folders.of(absolute)), base, false);
    }
    if (Files.exists(absolute)) {
      throw new IOException("it is a file: give a folder, or a name that ends with " + SUFFIX);
    }
    Path parent = absolute.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw new IOException("there is no folder " + parent);
    }
    return new SaveTarget(writable(parent).resolve(absolute.getFileName()), BASE, true);
  }

  private static Path writable(Path folder) throws IOException {
    if (!Files.isWritable(folder)) {
      throw new IOException("the folder " + folder + " isn't writable for this process");
    }
    return folder.toRealPath();
  }

  /** Returns what paths are called in the folder. */
  Set<String> names(Collection<Path> paths) {
    Set<String> names = new LinkedHashSet<>();
    paths.forEach(path -> names.add(folder.relativize(path).toString()));
    return names;
  }

  /** Returns the path of a checkpoint of one file. */
  public Path single() {
    return folder.resolve(base + SUFFIX);
  }

  /** Returns the path of the index. */
  public Path index() {
    return folder.resolve(base + SUFFIX + ".index.json");
  }

  /** Returns the paths of all files, as Hugging Face's tools name them. */
  List<Path> files(int count) {
    return names(count, "");
  }

  /**
   * Returns paths that no other checkpoint has.
   *
   * @param tag distinguishes them
   */
  List<Path> otherFiles(int count, String tag) {
    return names(count, "-" + tag);
  }

  private List<Path> names(int count, String end) {
    return IntStream.rangeClosed(1, count)
        .mapToObj(
            i -> count == 1 ? base : String.format(Locale.ROOT, "%s-%05d-of-%05d", base, i, count))
        .map(name -> folder.resolve(name + end + SUFFIX))
        .toList();
  }
}
