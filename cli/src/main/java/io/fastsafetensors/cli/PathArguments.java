// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Takes paths, and URIs of any installed provider such as {@code jar:file:///x.zip!/model}. File
 * systems that it opens for that are closed when the command ends.
 */
final class PathArguments implements ITypeConverter<Path>, AutoCloseable {
  private static final Logger LOG = System.getLogger(PathArguments.class.getName());

  /** One letter is a drive; and a name may have a colon. */
  private static final Pattern URI_FORM = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:(/.*|.*:/.*)");

  private final List<FileSystem> opened = new ArrayList<>();
  private @Nullable String fault;

  @Override
  public Path convert(String text) {
    try {
      return isUri(text) ? ofUri(text) : Path.of(text);
    } catch (InvalidPathException e) {
      throw new TypeConversionException("'" + text + "' is not a valid path");
    }
  }

  private static boolean isUri(String text) {
    return URI_FORM.matcher(text).matches() && !Files.exists(Path.of(text));
  }

  private Path ofUri(String text) {
    try {
      URI uri = new URI(text);
      checkScheme(uri.getScheme());
      try {
        return Path.of(uri);
      } catch (FileSystemNotFoundException e) {
        opened.add(FileSystems.newFileSystem(uri, Map.of()));
        return Path.of(uri);
      }
    } catch (URISyntaxException e) {
      throw wrong(text, e.getReason() + " at character " + (e.getIndex() + 1));
    } catch (IOException e) {
      throw wrong(text, Failures.message(e));
    } catch (RuntimeException e) { // providers throw what they like
      throw wrong(text, String.valueOf(e.getMessage() == null ? e : e.getMessage()));
    }
  }

  private static void checkScheme(String scheme) throws LoadException {
    List<String> schemes =
        FileSystemProvider.installedProviders().stream()
            .map(FileSystemProvider::getScheme)
            .toList();
    if (schemes.stream().noneMatch(scheme::equalsIgnoreCase)) {
      throw new LoadException(
          "no file system has the scheme '%s', but %s; add the jar of one to the module path"
              .formatted(scheme, schemes.stream().collect(Collectors.joining(", "))));
    }
  }

  private TypeConversionException wrong(String uri, String reason) {
    String message = "'" + uri + "': can't open this URI: " + reason;
    fault = message;
    return new TypeConversionException(message);
  }

  /** Says what was wrong with a path: of a list picocli only says that it is unmatched. */
  Optional<String> fault() {
    return Optional.ofNullable(fault);
  }

  @Override
  public void close() {
    for (FileSystem fileSystem : opened) {
      try {
        fileSystem.close();
      } catch (IOException | RuntimeException e) {
        LOG.log(Level.DEBUG, "closing what was only read", e);
      }
    }
    opened.clear();
  }
}
