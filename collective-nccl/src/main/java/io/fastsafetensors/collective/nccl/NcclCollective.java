// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.Device;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.Reason;
import io.fastsafetensors.collective.nccl.library.NcclLibrary;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.group.Rendezvous;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import io.fastsafetensors.toolkit.plugin.UnavailableException;
import java.util.List;
import java.util.Optional;

/**
 * Process groups over NCCL, for data on CUDA devices: bytes move from GPU to GPU. Ranks are
 * processes, or threads of one; each has a GPU of its own.
 *
 * <p>Nothing of JavaCPP, CUDA or NCCL is loaded before a {@code cuda} device is asked for and
 * there.
 */
public final class NcclCollective implements Collective {
  private static final String TYPE = "cuda";

  /** Makes the provider. */
  public NcclCollective() {}

  @Override
  public String id() {
    return "nccl";
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
    return List.of(NcclLibrary.FOLDERS);
  }

  @Override
  public Availability probe(Device device) {
    if (!device.type().equals(TYPE)) {
      return Availability.unavailable(
          Reason.of("plugin.other-device", "only for data on cuda devices, not on {device}")
              .with("device", device.toString()),
          null);
    }
    try {
      requireDevice(device);
      String version = NcclLibrary.SYSTEM.get().versionText();
      Optional<String> tooFew = DeviceAssignment.tooFew(device);
      return tooFew.isPresent()
          ? Availability.unavailable(Reason.of("plugin.no-device", tooFew.get()), null)
          : Availability.available("NCCL " + version);
    } catch (LoadException e) {
      return UnavailableException.answer(e, "plugin.no-device");
    }
  }

  private static void requireDevice(Device device) throws LoadException {
    int devices = Runtimes.of(device).devices().size();
    if (device.index() >= devices) {
      throw new UnavailableException(
          "plugin.no-device",
          "there is no %s, only %s device%s: start one rank a GPU"
              .formatted(device, devices, devices == 1 ? "" : "s"));
    }
  }

  @Override
  public Transport join(GroupConfig config) throws LoadException {
    Rendezvous rendezvous = Rendezvous.join(config);
    boolean done = false;
    try {
      Transport group = join(config.device(), rendezvous);
      done = true;
      return group;
    } finally {
      if (!done) {
        rendezvous.close();
      }
    }
  }

  /** What fails on one rank is told to all: they have met. */
  private static Transport join(Device device, Rendezvous rendezvous) throws CollectiveException {
    DeviceContext context;
    try {
      context = open(device);
    } catch (LoadException e) {
      throw rendezvous.fail("join", String.valueOf(e.getMessage()), e);
    }
    boolean done = false;
    try {
      DeviceAssignment.check(rendezvous, context);
      Transport group = NcclGroup.connect(rendezvous, context, true);
      done = true;
      return group;
    } finally {
      if (!done) {
        context.close();
      }
    }
  }

  private static DeviceContext open(Device device) throws LoadException {
    if (!device.type().equals(TYPE)) {
      throw new LoadException("NCCL is only for data on cuda devices, not on " + device);
    }
    requireDevice(device);
    NcclLibrary.SYSTEM.get();
    return Runtimes.of(device).open(device);
  }
}
