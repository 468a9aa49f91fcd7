// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.Device;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which device is a rank's own. */
class OwnDeviceTests {
  private static final List<Device> TWO = List.of(Device.CPU, Device.cuda(0), Device.cuda(1));
  private static final List<Device> ONE = List.of(Device.CPU, Device.cuda(0));

  private static Device of(String text, int localRank, List<Device> visible) {
    return DefaultEngine.ownDevice(text, localRank, () -> visible);
  }

  @Test
  void aTypeIsOfTheLocalRank() {
    assertThat(of("cuda", 0, TWO)).isEqualTo(Device.cuda(0));
    assertThat(of("cuda", 1, TWO)).isEqualTo(Device.cuda(1));
    assertThat(of("cuda", 2, TWO)).as("not there, as will be said").isEqualTo(Device.cuda(2));
    assertThat(of("cuda", 3, List.of(Device.CPU))).isEqualTo(Device.cuda(3));
  }

  @Test
  void theOnlyDeviceIsEachRanksOwn() {
    assertThat(of("cuda", 3, ONE)).isEqualTo(Device.cuda(0));
  }

  @Test
  void anIndexIsTakenAtItsWord() {
    assertThat(of("cuda:1", 0, ONE)).isEqualTo(Device.cuda(1));
    assertThat(of("cuda:0", 1, TWO)).isEqualTo(Device.cuda(0));
  }

  @Test
  void whatIsClearAsksForNoDevices() {
    assertThat(DefaultEngine.ownDevice("cpu", 5, () -> List.of(Device.cuda(9))))
        .isEqualTo(Device.CPU);
    assertThat(
            DefaultEngine.ownDevice(
                "cuda",
                0,
                () -> {
                  throw new AssertionError("asked");
                }))
        .isEqualTo(Device.cuda(0));
    assertThatIllegalArgumentException().isThrownBy(() -> of("CUDA", 0, TWO));
  }
}
