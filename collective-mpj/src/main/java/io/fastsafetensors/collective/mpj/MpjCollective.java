// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import io.fastsafetensors.Device;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.group.Rendezvous;
import io.fastsafetensors.toolkit.plugin.UnavailableException;
import java.io.IOException;
import java.util.List;

/** Process groups over MPJ Express, for data on any device: bytes move through host memory. */
public final class MpjCollective implements Collective {
  /** Makes the provider. */
  public MpjCollective() {}

  @Override
  public String id() {
    return "mpj";
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
  public List<Option<?>> options() {
    return List.of(MpjJar.HOME);
  }

  @Override
  public Availability probe(Device device) {
    try {
      MpjJar jar = MpjJar.find();
      MpjLibrary.load(jar);
      return Availability.available("MPJ Express at " + jar.path());
    } catch (IOException e) {
      return UnavailableException.answer(e, "plugin.no-library");
    } catch (ReflectiveOperationException | LinkageError e) {
      return UnavailableException.answer(e, "plugin.other-version");
    }
  }

  @Override
  public Transport join(GroupConfig config) throws LoadException {
    MpjJar jar;
    try {
      jar = MpjJar.find();
    } catch (IOException e) {
      throw new LoadException(String.valueOf(e.getMessage()), e);
    }
    Rendezvous rendezvous = Rendezvous.join(config);
    boolean done = false;
    try {
      MpjDevice device = MpjDevice.open(jar, rendezvous);
      done = true;
      return MpjGroup.whole(rendezvous, device);
    } finally {
      if (!done) {
        rendezvous.close();
      }
    }
  }
}
