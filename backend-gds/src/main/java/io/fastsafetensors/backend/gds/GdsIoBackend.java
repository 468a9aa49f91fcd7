// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds;

import io.fastsafetensors.Device;
import io.fastsafetensors.Reason;
import io.fastsafetensors.backend.gds.cufile.CuFileBinding;
import io.fastsafetensors.backend.gds.cufile.CuFileBinding.Bound;
import io.fastsafetensors.backend.gds.cufile.Driver.Outcome;
import io.fastsafetensors.backend.gds.host.HostView;
import io.fastsafetensors.backend.gds.io.GdsSession;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.toolkit.io.LocalFiles;
import io.fastsafetensors.toolkit.plugin.NativeBinding;
import io.fastsafetensors.toolkit.plugin.UnavailableException;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The backend {@code gds}: reads from storage straight into the memory of NVIDIA GPUs, by GPUDirect
 * Storage (cuFile).
 *
 * <p>It is chosen by default where reads can be peer to peer, storage to GPU. Where cuFile would
 * read by way of the host (its compatibility mode), it leaves a file to the next backend, unless it
 * was asked for: by {@code backend("gds")} or the property {@code gds=on}. The property {@code
 * gds=off} leaves it out. The kernel tells most of that without cuFile; its driver, which takes
 * seconds to open on large hosts, is opened by the first load that has something to read with it,
 * and kept for the process.
 *
 * <p>cuFile reads whole pages, in blocks of {@code blockBytes} (8 MiB) on {@code threads} (8)
 * threads, straight to their place; each block's memory is registered while it is read. Tensors of
 * at least 64 KiB that would be off multiples of 16 bytes there (all tensors, off the alignment
 * asked for) go by way of scratch memory of the device, two blocks a thread, which the memory
 * budget doesn't count. Ranges of less than 1 MiB, and what is past a file's last whole page, go
 * through the page cache and pinned memory. Properties:
 *
 * <ul>
 *   <li>{@code gds.min-bytes}: from how many adjacent bytes on cuFile reads, instead of 1 MiB.
 *   <li>{@code gds.register}: {@code false} doesn't register memory.
 * </ul>
 *
 * <p>The library is looked for by the dynamic linker, in CUDA toolkits and in Python wheels; the
 * system property {@code io.fastsafetensors.gds.library} or the environment variable {@code
 * FST_CUFILE_LIBRARY} names another.
 */
public final class GdsIoBackend implements IoBackend {
  private static final long SMALLEST = 1 << 20;
  private static final String DEVICES = "cuda";

  private final NativeBinding<Bound> binding;
  private final HostView host;
  private final long smallest;

  /** Makes the backend. */
  public GdsIoBackend() {
    this(CuFileBinding.SYSTEM, HostView.system(), SMALLEST);
  }

  GdsIoBackend(NativeBinding<Bound> binding, HostView host, long smallest) {
    this.binding = binding;
    this.host = host;
    this.smallest = smallest;
  }

  @Override
  public String id() {
    return GdsSession.BACKEND;
  }

  @Override
  public int spiVersion() {
    return Provider.SPI_VERSION;
  }

  @Override
  public int priority() {
    return 20;
  }

  @Override
  public List<Option<?>> options() {
    return Stream.concat(GdsSession.OPTIONS.stream(), Stream.of(CuFileBinding.LIBRARY)).toList();
  }

  @Override
  public Availability probe(Device device) {
    if (!device.type().equals(DEVICES)) {
      return Availability.unavailable(
          Reason.of("plugin.other-device", "reads to devices cuda:N only, not to {device}")
              .with("device", device.toString()),
          null);
    }
    return binding.availability(this::probe);
  }

  private Availability probe(Bound bound) {
    if (bound.driver().known().orElse(null) instanceof Outcome.Failed(var cause)) {
      return UnavailableException.answer(cause, "plugin.failed");
    }
    String library = "libcufile" + version(bound) + " (" + bound.cufile().library() + ")";
    Optional<String> obstacle = host.obstacle();
    if (obstacle.isEmpty()) {
      return Availability.available(
          "peer to peer by " + host.means() + ", where a file's storage has it; " + library,
          Capability.COPIED,
          Capability.DIRECT_IO,
          Capability.PEER_TO_PEER);
    }
    String detail = "no peer to peer: " + obstacle.get();
    return host.allowsCompatibility()
        ? Availability.available(
                "compatibility mode, by way of the host; " + detail + "; " + library,
                Capability.COPIED,
                Capability.DIRECT_IO)
            .onlyIfAskedFor()
        : Availability.unavailable(
            Reason.of(
                "plugin.no-peer-to-peer",
                detail + "; and cuFile's configuration forbids compatibility mode"),
            null);
  }

  private static String version(Bound bound) {
    int version = bound.cufile().version().orElse(0);
    return version == 0 ? "" : " " + version / 1000 + "." + version % 1000 / 10;
  }

  @Override
  public SeekableByteChannel channel(Path file) throws IOException {
    LocalFiles.check(GdsSession.BACKEND, file);
    return IoBackend.super.channel(file);
  }

  @Override
  public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
    return new GdsSession(binding.get(), host, context, options, smallest);
  }
}
