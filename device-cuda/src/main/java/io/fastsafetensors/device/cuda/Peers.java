// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.Device;
import io.fastsafetensors.device.cuda.driver.Calls;
import io.fastsafetensors.format.LoadException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * The other devices that this one copied from. Each gets a hold, and if the machine allows it
 * direct access, at the first copy from it and not before.
 */
final class Peers implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Peers.class.getName());

  private final Gpu gpu;
  private final PrimaryContext own;
  private final Map<Integer, PrimaryContext> known = new HashMap<>();

  Peers(Gpu gpu, PrimaryContext own) {
    this.gpu = gpu;
    this.own = own;
  }

  /** Returns the way from another device to this one. */
  synchronized CopyWay way(Device device) throws LoadException {
    PrimaryContext peer = known.get(device.index());
    if (peer == null) {
      peer = PrimaryContext.retain(Gpu.of(device));
      known.put(device.index(), peer);
      enable(peer);
    }
    return new CopyWay.Between(peer.handle(), own.handle());
  }

  /** Without direct access the driver copies through host memory. */
  private void enable(PrimaryContext peer) {
    int[] can = new int[1];
    Calls.code(() -> JCudaDriver.cuDeviceCanAccessPeer(can, gpu.handle(), peer.gpu().handle()));
    int code =
        can[0] == 0
            ? CUresult.CUDA_ERROR_PEER_ACCESS_UNSUPPORTED
            : Calls.code(() -> JCudaDriver.cuCtxEnablePeerAccess(peer.handle(), 0));
    LOG.log(
        Level.DEBUG,
        () ->
            "%s copies from %s: peer access %s"
                .formatted(gpu.device(), peer.gpu().device(), Calls.describe(code)));
  }

  @Override
  public synchronized void close() {
    known.values().forEach(PrimaryContext::close);
    known.clear();
  }
}
