// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import io.fastsafetensors.Device;
import org.junit.jupiter.api.Tag;

/**
 * Groups over MPJ Express keep the rules, with each rank's data on a simulated device of its own.
 */
@Tag("slow")
final class MpjGroupOnSimContractTests extends MpjGroupContractTests {
  @Override
  public Device device(int rank) {
    return new Device("sim", rank);
  }
}
