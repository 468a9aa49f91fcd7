// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.internal.group.Failure;
import io.fastsafetensors.toolkit.group.Frame.Contribution;
import java.net.InetAddress;

/** A rank's connection to the others. Nothing but {@link #leave} blocks. */
interface Control {
  /** Contributes a message to an exchange; the result shows in the {@link GroupState}. */
  void contribute(Contribution contribution);

  /** Reports a rank as late; the failure then shows in the {@link GroupState}. */
  void late(Failure lateness);

  /** Ends the group for all. */
  void fail(Failure failure);

  /** Returns where others reach this rank. */
  InetAddress address();

  /** Leaves the group, and closes. */
  void leave();
}
