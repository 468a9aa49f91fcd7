// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.Device;
import io.fastsafetensors.device.cuda.driver.Calls;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Region;
import java.util.function.IntSupplier;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUstream;

/** Queues copies to and from a device, each in one call of the driver wherever it can. */
final class Copies implements AutoCloseable {
  private final Device device;
  private final Peers peers;
  private final long mostPitch;

  Copies(Gpu gpu, PrimaryContext own) throws LoadException {
    this.device = gpu.device();
    this.peers = new Peers(gpu, own);
    this.mostPitch = gpu.attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_PITCH);
  }

  /**
   * Returns the way from a region of any device of this type to this one. Unified memory of another
   * device is pinned host memory to this one.
   */
  CopyWay from(Region source) throws LoadException {
    Device other = source.buffer().device();
    if (!other.type().equals(device.type())) {
      throw new IllegalArgumentException("not memory of a " + device.type() + " device: " + source);
    }
    if (other.equals(device)) {
      return CopyWay.INSIDE;
    }
    return source.buffer().host().isPresent() ? CopyWay.UPLOAD : peers.way(other);
  }

  void queue(CopyWay way, Rows rows, CUstream stream) throws LoadException {
    if (rows.isEmpty()) {
      return;
    }
    if (rows.isOneLine()) {
      check(rows, () -> way.line(rows.asOneLine(), stream));
    } else if (rows.widestPitch() <= mostPitch) {
      check(rows, () -> way.rows(rows, stream));
    } else {
      queueEach(way, rows, stream); // rows so far from each other are few
    }
  }

  private void queueEach(CopyWay way, Rows rows, CUstream stream) throws LoadException {
    for (long i = 0; i < rows.count(); i++) {
      Rows row = rows.row(i);
      check(row, () -> way.line(row, stream));
    }
  }

  private void check(Rows rows, IntSupplier call) throws LoadException {
    Calls.check(device, () -> "copy of " + rows, call);
  }

  @Override
  public void close() {
    peers.close();
  }
}
