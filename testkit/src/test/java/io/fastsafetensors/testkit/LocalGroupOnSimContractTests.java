// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.Device;

/** Groups of threads keep the rules, with each rank's data on a simulated device of its own. */
final class LocalGroupOnSimContractTests extends LocalGroupContractTests {
  @Override
  public Device device(int rank) {
    return new Device("sim", rank);
  }
}
