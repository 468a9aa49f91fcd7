// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.UnsupportedTransferException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.internal.file.IoReason;
import io.fastsafetensors.internal.plan.CatalogFile;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoBackend.OpenFile;
import io.fastsafetensors.spi.IoOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Opens files whose headers were read, by the first backend that can, and makes sure that they are
 * those files. Thread-safe.
 */
final class FileOpener {
  private final Backends backends;
  private final IoOptions options;
  private final Headers headers;
  private final SharedContext context;

  /** What each file was when it was opened first; null before, or if nobody knows. */
  private final AtomicReferenceArray<@Nullable Object> versions;

  FileOpener(Backends backends, IoOptions options, Headers headers, SharedContext context) {
    this.backends = backends;
    this.options = options;
    this.headers = headers;
    this.context = context;
    this.versions = new AtomicReferenceArray<>(headers.catalog().files().size());
  }

  OpenedFile open(CatalogFile file) throws LoadException {
    Path path = file.source().path();
    List<Backends.Refusal> refusals = new ArrayList<>();
    for (int number = 0; ; number++) {
      Optional<IoBackend> backend = backends.get(number);
      if (backend.isEmpty()) {
        throw backends.nobodyLeft(path, refusals);
      }
      try {
        return open(file, backend.get());
      } catch (UnsupportedTransferException e) {
        refusals.add(new Backends.Refusal(backend.get().id(), e));
      }
    }
  }

  private OpenedFile open(CatalogFile file, IoBackend backend) throws LoadException {
    Path path = file.source().path();
    OpenFile opened = openBy(backend, path);
    try {
      Optional<Object> now = opened.version();
      @Nullable Object first = versions.get(file.index());
      Optional<Object> version = first == null ? now : Optional.of(first);
      OpenedFile checked = new OpenedFile(backend.id(), path, opened, context, version);
      check(file, checked, opened.size(), backend, first == null);
      if (options.path() == AccessPath.MAPPED && opened.size() > 0 && checked.mapping() == null) {
        throw new UnsupportedTransferException(backend.id(), path, "can't be mapped", null);
      }
      versions.compareAndSet(file.index(), null, now.orElse(null));
      return checked;
    } catch (IOException | RuntimeException e) {
      opened.close();
      throw failed(path, e);
    }
  }

  private OpenFile openBy(IoBackend backend, Path path) throws LoadException {
    try {
      return backend.openFile(path, options);
    } catch (IOException | RuntimeException e) {
      throw failed(path, e);
    }
  }

  private static LoadException failed(Path path, Exception e) {
    return e instanceof LoadException own
        ? own
        : new LoadException("can't open " + path + ": " + IoReason.of(e), e);
  }

  /** Makes sure that a file is the one whose header was read: at first, and when opened again. */
  private void check(
      CatalogFile file, OpenedFile opened, long size, IoBackend backend, boolean first)
      throws LoadException {
    long known = file.header().fileSize();
    if (size != known) {
      throw opened.changed("the file changed: it had %s bytes, it has %s".formatted(known, size));
    }
    opened.checkUnchanged();
    if (first) {
      checkOrigin(file, opened, backend);
    }
  }

  private void checkOrigin(CatalogFile file, OpenedFile opened, IoBackend backend)
      throws LoadException {
    Path path = file.source().path();
    HeaderOrigin origin = headers.origins().get(path);
    Optional<HeaderOrigin.Version> then = origin == null ? Optional.empty() : origin.version();
    Optional<HeaderOrigin.Version> now = HeaderOrigin.Version.now(path);
    boolean same = origin != null && origin.backend().equals(backend.id());
    if (then.isPresent() && now.isPresent() && !then.equals(now)) {
      throw opened.changed("the file was written to or replaced since its header was read");
    }
    if (!same || then.isEmpty() || now.isEmpty()) {
      SafetensorsHeader again = Backends.readHeader(backend, path).parse(path);
      if (!again.equals(file.header())) {
        throw opened.changed("the file has another header than the one that was read");
      }
    }
  }
}
