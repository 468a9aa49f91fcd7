// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.Device;
import io.fastsafetensors.Plugin;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.internal.host.HostRuntime;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.Provider;
import java.util.Collections;
import java.util.List;
import org.example.ForeignBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Plug-ins that a program hands over. */
class InstancesTests {
  private static Registry found(IoBackend... backends) {
    return Registry.of(
        Collections.emptyIterator(), List.of(backends).iterator(), Collections.emptyIterator());
  }

  private static List<PluginReport> backends(Plugins plugins) {
    return plugins.probe(Device.CPU).stream()
        .filter(report -> report.kind() == PluginReport.Kind.BACKEND)
        .toList();
  }

  @Test
  void anInstanceIsAddedAndTheSetThatItIsAddedToStays() throws Exception {
    Registry plain = found(ProbeOnly.available("low", 1));
    ProbeOnly instance = ProbeOnly.available("high", 9);
    assertThat(plain.with(instance).backends(Device.CPU, BackendChoice.FREE).next())
        .isSameAs(instance);
    assertThat(backends(plain)).extracting(PluginReport::id).containsExactly("low");
    assertThat(plain).hasToString("Plugins (device: host; backend: low; collective: none)");
    assertThat(plain.with(instance).toString()).contains("backend: high, low;");
    assertThat(plain.with(ProbeOnly.available("low", 2)).toString())
        .contains("backend: low and refused 1;");
  }

  @Test
  void anInstanceIsUsedInsteadOfWhatWasFoundUnderItsIdWhateverThePriority() throws Exception {
    ProbeOnly instance = ProbeOnly.available("twin", 1);
    Registry both = found(new ForeignBackend("twin"), ProbeOnly.available("low", 0)).with(instance);
    assertThat(both.backends(Device.CPU, BackendChoice.FREE).next()).isSameAs(instance);
    assertThat(backends(both)).extracting(PluginReport::id).containsExactly("twin", "low", "twin");
    assertThat(backends(both).getFirst().source())
        .startsWith("an instance made by the program, of ");
    assertThat(backends(both).getLast().available()).isFalse();
    assertThat(backends(both).getLast().detail().toString())
        .isEqualTo("refused: id 'twin' is taken by an instance of " + ProbeOnly.class.getName());
  }

  @Test
  void anInstanceMayStandInForOneOfOurs() throws Exception {
    ForeignBackend wrapper = new ForeignBackend("cpu");
    Registry both = found(ProbeOnly.available("cpu", 0)).with(wrapper);
    assertThat(both.backends(Device.CPU, BackendChoice.FREE).next()).isSameAs(wrapper);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "UPPER", "a b", "-x", "x-", "a--b", "a:b", "load", "group", "config", "auto", "load-x"
      })
  void anInstanceWithAnIdOfAnotherFormIsAnError(String id) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> found().with(ProbeOnly.available(id, 0)))
        .withMessageEndingWith("id '" + id + "': want " + Provider.ID_FORM);
  }

  @Test
  void instancesThatCantBeUsedAreErrors() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> found().with(ProbeOnly.ofVersion("next", 2)))
        .withMessageContaining("built for SPI version 2, this is version 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> found().with(ProbeOnly.available(null, 0)))
        .withMessageContaining(" doesn't say what it is");
    Plugin neither = () -> "neither";
    assertThatIllegalArgumentException()
        .isThrownBy(() -> found().with(neither))
        .withMessageEndingWith(
            "is no plug-in: want one that implements DeviceRuntime, IoBackend or Collective");
  }

  @Test
  void twoInstancesOfOneIdAreAnErrorAndSoIsTheRuntimeOfHostMemory() {
    ProbeOnly first = ProbeOnly.available("twin", 0);
    ProbeOnly second = ProbeOnly.available("twin", 1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> found().with(first, second))
        .withMessageEndingWith("id 'twin' is taken by an instance given before");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> found().with(first).with(second))
        .withMessageEndingWith("id 'twin' is taken by an instance given before");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> found().with(new HostRuntime()))
        .withMessageEndingWith("id 'host' is taken by the runtime of host memory");
  }
}
