// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import java.io.IOError;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What downloads leave behind that were never finished. */
final class UnfinishedDownloads {
  /** Of browsers, Hugging Face's hub, aria2, rclone, gsutil, torrents; as a last resort any. */
  private static final Pattern SUFFIX =
      Pattern.compile(
          "(?i).+[._](incomplete|part|partial|aria2(__temp)?|tmp|temp|crdownload|download"
              + "|opdownload|filepart|dlpart|dtapart|!qb|!ut|bc!|gstmp|lftp-pget-status)");

  /** Names that AWS' command line ({@code X.1a2B3c4D}) and rsync ({@code .X.aB3dE6}) give. */
  private static final Pattern RANDOM =
      Pattern.compile(".+\\.safetensors\\.[0-9a-fA-F]{8}|\\..+\\.safetensors\\.[0-9a-zA-Z]{6}");

  private static final Pattern INDEX =
      Pattern.compile("\\.?(.+\\.safetensors(?:\\.[^.]+)?\\.index(?:\\.[^.]+)?\\.json).+");

  private static final Pattern WEIGHTS = Pattern.compile("\\.?(.+\\.safetensors)[._].+");

  private static final int MOST_NAMED = 3;

  private UnfinishedDownloads() {}

  /** Returns whether a name is that of a part of a file, or of what keeps track of one. */
  static boolean isLeftover(String name) {
    if (name.endsWith(WeightsName.SUFFIX) || name.endsWith(".json")) {
      return false; // most files: patterns that start at the end of a name are slow
    }
    return SUFFIX.matcher(name).matches() || RANDOM.matcher(name).matches();
  }

  /**
   * Returns the name that the file would have in the end, where it would be weights or an index.
   */
  static Optional<String> finished(String leftover) {
    Matcher index = INDEX.matcher(leftover);
    if (index.matches()) {
      return Optional.of(index.group(1));
    }
    Matcher weights = WEIGHTS.matcher(leftover);
    return weights.matches() ? Optional.of(weights.group(1)) : Optional.empty();
  }

  /**
   * Says what stands in the way of a file: that it isn't there, or a link to nothing.
   *
   * @return the fault, for the end of a message that names the file; nothing if the file can be
   *     asked for, or the reason shows when it is opened
   */
  static Optional<String> fault(Path file) {
    try {
      Files.readAttributes(file, BasicFileAttributes.class);
      return Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.of(Files.isSymbolicLink(file) ? brokenLink(file) : "does not exist");
    } catch (FileSystemException e) {
      String reason = e.getReason();
      return reason != null && reason.contains("symbolic link")
          ? Optional.of("is a link that leads in a circle: download it again")
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static String brokenLink(Path link) {
    try {
      Path target = Files.readSymbolicLink(link);
      Path resolved = link.resolveSibling(target);
      Path incomplete = resolved.resolveSibling(resolved.getFileName() + ".incomplete");
      String reason =
          Files.exists(incomplete)
              ? "its download isn't finished (%s is there): resume it"
                  .formatted(incomplete.getFileName())
              : "its download isn't finished, or the target was deleted: download it again";
      return "is a link to %s, which does not exist: %s".formatted(target, reason);
    } catch (IOException | RuntimeException e) {
      return "is a link to what does not exist: download it again";
    }
  }

  /**
   * Names unfinished downloads in a folder and where Hugging Face's hub keeps those of a folder.
   *
   * @param leftovers those in the folder itself
   * @return the end of a message; empty if there are none
   */
  static String hint(Path folder, List<Path> leftovers) {
    List<Path> all = new ArrayList<>(leftovers);
    addHubs(folder, all);
    if (all.isEmpty()) {
      return "";
    }
    String named = String.join(", ", all.stream().limit(MOST_NAMED).map(Path::toString).toList());
    int more = all.size() - Math.min(all.size(), MOST_NAMED);
    return "; the download isn't finished: " + named + (more > 0 ? " and " + more + " more" : "");
  }

  @SuppressWarnings("EmptyCatch") // a hint is all that is lost
  private static void addHubs(Path folder, List<Path> all) {
    try {
      all.addAll(incomplete(folder.resolve(".cache/huggingface/download")));
      Path parent = folder.toAbsolutePath().normalize().getParent();
      if (parent != null && parent.endsWith("snapshots")) {
        all.addAll(incomplete(parent.resolveSibling("blobs")));
      }
    } catch (RuntimeException | IOError e) {
      // A file system needn't have an absolute path, or links between folders.
    }
  }

  private static List<Path> incomplete(Path folder) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.incomplete")) {
      files.forEach(found::add);
    } catch (IOException | RuntimeException e) {
      // A hint is all that is lost.
      return found;
    }
    found.sort(null);
    return found;
  }
}
