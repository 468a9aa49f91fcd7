// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix;

import io.fastsafetensors.Device;
import io.fastsafetensors.backend.posix.io.PosixOpenFile;
import io.fastsafetensors.backend.posix.io.PosixSession;
import io.fastsafetensors.backend.posix.libc.Libc;
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
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The backend {@code posix}: reads what is in the page cache from there, and the rest past it, many
 * blocks at a time; into host memory, or by way of staging buffers into any other device.
 *
 * <p>Unified memory, of devices that {@linkplain DeviceContext#isHostVisible() the host sees}, is
 * read straight into, as host memory is. What is read past the page cache is in memory once.
 *
 * <p>The kernel is asked which blocks of a file are in the page cache, by the first way that tells
 * the truth of that file: {@code cachestat} (Linux 6.5), {@code mincore}, or {@code preadv2} with
 * {@code RWF_NOWAIT} in samples. The report says which. Where none tells, {@code AUTO} maps local
 * files and overlays, and reads others through the page cache. Up to 32 reads at a time wait for
 * storage, and as many as there are processors copy from the page cache, so that neither waits for
 * the other. The options of a load change that:
 *
 * <ul>
 *   <li>{@link io.fastsafetensors.AccessPath#AUTO}, into host memory: a file that is in the page
 *       cache, all but three percent, is mapped and its page tables are filled. If at least a
 *       quarter of its blocks of 16 MiB are cached, those are mapped and the rest is read into
 *       private memory beside them; any other file is copied. {@code MAPPED} and {@code COPIED}
 *       leave no choice. What a mapping means when the file changes is told there.
 *   <li>{@link io.fastsafetensors.DirectMode#ON} reads past the page cache even what is in it,
 *       {@code OFF} nothing. File systems that have no such reads are read through the page cache.
 *   <li>{@code threads} is how many reads there are at a time, {@code blockBytes} (4 MiB) how large
 *       they are; into memory that the host doesn't see, so many staging buffers and four more are
 *       used at most.
 *   <li>{@code alignment}: without it, tensors are aligned to 64 bytes in host memory and 256 in
 *       others, as far as file and disk allow that without moving bytes; with it, bytes are moved,
 *       and in unified memory those of large tensors that would be off multiples of 16.
 *   <li>The property {@code posix.drop-cache}, if {@code true}, takes out of the page cache what
 *       the load brought in: blocks of 4 MiB of which nothing was there before.
 * </ul>
 *
 * <p>A file whose size or time of change is another after the load is an error, as is a block that
 * can't be read; the error has the kernel's name for it.
 */
public final class PosixIoBackend implements IoBackend {
  private final NativeBinding<Libc> binding;

  /** Makes the backend. */
  public PosixIoBackend() {
    this(Libc.SYSTEM);
  }

  PosixIoBackend(NativeBinding<Libc> binding) {
    this.binding = binding;
  }

  @Override
  public String id() {
    return PosixSession.BACKEND;
  }

  @Override
  public int spiVersion() {
    return Provider.SPI_VERSION;
  }

  @Override
  public int priority() {
    return 10;
  }

  @Override
  public List<Option<?>> options() {
    return Stream.concat(PosixSession.OPTIONS.stream(), Stream.of(LinuxRuntime.KEPT_BYTES))
        .toList();
  }

  @Override
  public Availability probe(Device device) {
    return binding.availability(_ -> available(device));
  }

  private static Availability available(Device device) {
    return device.isCpu()
        ? Availability.available(
            "direct or from the page cache",
            Capability.MAPPED,
            Capability.COPIED,
            Capability.DIRECT_IO)
        : Availability.available(
            "through staging memory, or straight into unified memory",
            Capability.COPIED,
            Capability.DIRECT_IO);
  }

  @Override
  public SeekableByteChannel channel(Path file) throws IOException {
    LocalFiles.check(PosixSession.BACKEND, file);
    return IoBackend.super.channel(file);
  }

  @Override
  public OpenFile openFile(Path file, IoOptions options) throws IOException {
    LocalFiles.check(PosixSession.BACKEND, file);
    return PosixOpenFile.open(binding.get(), file, options);
  }

  @Override
  public IoSession open(DeviceContext context, IoOptions options) throws LoadException {
    return new PosixSession(binding.get(), context, options);
  }
}
