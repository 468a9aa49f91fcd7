// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.Device;
import io.fastsafetensors.Reason;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Capability;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.IoOptions;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.Provider;

/**
 * Reads files into host memory on every platform that Java runs on.
 *
 * <p><b>Mapped</b> ({@link AccessPath#MAPPED}, and the choice for {@link AccessPath#AUTO}): tensors
 * are the pages of the page cache, nothing is copied, and storage is read when a tensor's bytes are
 * first touched. The memory is read-only. The file has to stay as it is until the tensors are
 * closed:
 *
 * <ul>
 *   <li>Bytes written into the file show in the tensors, at once or later.
 *   <li>Where the file was cut off, touching the lost pages is an {@link InternalError} in Java
 *       code (copies and conversions of ours name the file), and ends the process (SIGBUS) in
 *       native code that was given the address.
 *   <li>A file that is replaced by renaming another one over it, or deleted, does no harm: the
 *       mapping keeps the old file.
 *   <li>An error of the storage shows as such an {@link InternalError} too, not as an exception of
 *       the load, since the load reads nothing.
 * </ul>
 *
 * <p><b>Copied</b> ({@link AccessPath#COPIED}): threads of the session read blocks of all its files
 * into private memory of the device. A file that has another size than its header was read with, is
 * written to meanwhile (by its time of change), ends early, or can't be read is a {@link
 * io.fastsafetensors.TransferException} of the load; after the load, the file may change. Files
 * also take this way if the mapping would not have the alignment asked for, and where the choice is
 * ours, if the file system has no mappings, or if the load is {@linkplain
 * io.fastsafetensors.LoadOptions#writable to be written}: the JDK maps privately only what it
 * opened for writing, and that takes a right, copies the file on overlayfs, and tells who watches
 * it.
 *
 * @since 0.1
 */
public final class CpuIoBackend implements IoBackend {
  static final String ID = "cpu";

  /** Makes the backend; called by {@link java.util.ServiceLoader}. */
  public CpuIoBackend() {}

  @Override
  public String id() {
    return ID;
  }

  @Override
  public int spiVersion() {
    return Provider.SPI_VERSION;
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public Availability probe(Device device) {
    return device.isCpu()
        ? Availability.available("pure Java", Capability.MAPPED, Capability.COPIED)
        : Availability.unavailable(
            Reason.of(
                    "plugin.other-device",
                    "loads into host memory only, not into {device}: add a backend that stages")
                .with("device", device.toString()),
            null);
  }

  @Override
  public IoSession open(DeviceContext context, IoOptions options) {
    return new CpuIoSession(this, context, options);
  }
}
