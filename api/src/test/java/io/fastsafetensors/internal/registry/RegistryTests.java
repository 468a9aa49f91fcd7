// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fastsafetensors.Device;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceInfo;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.io.IOException;
import java.net.URL;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RegistryTests {
  /** Devices of a type that is not the plug-in's id. */
  private record Gpus(String id, Availability probe, int count) implements DeviceRuntime {
    @Override
    public int spiVersion() {
      return SPI_VERSION;
    }

    @Override
    public int priority() {
      return 0;
    }

    @Override
    public String type() {
      return "gpu";
    }

    @Override
    public List<DeviceInfo> devices() throws LoadException {
      if (count < 0) {
        throw new LoadException("the driver broke");
      }
      return IntStream.range(0, count)
          .mapToObj(i -> DeviceInfo.builder(new Device("gpu", i), "a GPU").build())
          .toList();
    }

    @Override
    public DeviceContext open(Device device) {
      throw new AssertionError("not in this test");
    }
  }

  private static List<Device> devices(DeviceRuntime... runtimes) {
    return Registry.of(
            List.of(runtimes).iterator(), Collections.emptyIterator(), Collections.emptyIterator())
        .devices();
  }

  @Test
  void devicesAreThoseOfEveryRuntimeThatIsAvailable() {
    Availability here = Availability.available("simulated");
    assertThat(devices(new Gpus("some-gpus", here, 2), new Gpus("same-gpus", here, 1)))
        .containsExactly(Device.CPU, new Device("gpu", 0), new Device("gpu", 1));
    assertThat(devices(new Gpus("some-gpus", Availability.unavailable("no driver"), 2)))
        .containsExactly(Device.CPU);
  }

  @Test
  void runtimeThatCannotListItsDevicesHidesNoOther() {
    Availability here = Availability.available("simulated");
    assertThat(devices(new Gpus("broken-gpus", here, -1), new Gpus("some-gpus", here, 1)))
        .containsExactly(Device.CPU, new Device("gpu", 0));
  }

  /** As that of a program that was stopped in an application server. */
  private static final class StoppedLoader extends ClassLoader {
    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
      if (name.endsWith("Collective")) {
        throw new IOException("the jar is gone");
      }
      throw new IllegalStateException("the application was stopped");
    }
  }

  @Test
  void classLoaderThatCannotBeSearchedIsRefusedWithItsReason() {
    Plugins plugins = Plugins.in(new StoppedLoader());
    assertThat(plugins.devices()).containsExactly(Device.CPU);
    assertThat(plugins.probe(Device.CPU))
        .extracting(report -> report.kind() + " " + report.id() + " " + report.detail())
        .satisfiesExactly(
            host -> assertThat(host).startsWith("DEVICE host"),
            device -> assertThat(device).startsWith("DEVICE ? refused").contains("was stopped"),
            backend -> assertThat(backend).startsWith("BACKEND ? refused").contains("was stopped"),
            collective ->
                assertThat(collective)
                    .startsWith("COLLECTIVE ? refused")
                    .contains("the jar is gone"));
  }

  /** Serves devices of any runtime of its own set, as one that opens them itself. */
  private record OfRuntimes() implements Collective {
    @Override
    public String id() {
      return "of-runtimes";
    }

    @Override
    public int spiVersion() {
      return SPI_VERSION;
    }

    @Override
    public int priority() {
      return 0;
    }

    @Override
    public Availability probe(Device device) {
      try {
        return Availability.available(Runtimes.of(device).id());
      } catch (LoadException e) {
        return Availability.unavailable("none", e);
      }
    }

    @Override
    public Transport join(GroupConfig config) throws LoadException {
      throw new LoadException("joined by " + Runtimes.of(config.device()).id());
    }
  }

  @Test
  void collectivesFindTheRuntimesOfTheirOwnSet() {
    Device gpu = new Device("gpu", 0);
    Plugins both =
        Plugins.in(ModuleLayer.empty())
            .with(new OfRuntimes(), new Gpus("some-gpus", Availability.available(""), 1));
    assertThat(both.probe(gpu))
        .anyMatch(report ->
            report.id().equals("of-runtimes") && report.detail().toString().equals("some-gpus"));
    GroupConfig config = GroupConfig.builder(0, 2).port(9).device(gpu).build();
    assertThatThrownBy(() -> ProcessGroup.join(config, both)).hasMessage("joined by some-gpus");
    assertThatThrownBy(() -> Runtimes.of(gpu)).hasMessageContaining("no plug-in has devices");
  }

  @Test
  void plugInsOfAnEmptyLayerAreTheRuntimeOfHostMemory() {
    assertThat(Plugins.in(ModuleLayer.empty()).probe(Device.CPU))
        .extracting(PluginReport::id)
        .containsExactly("host");
  }
}
