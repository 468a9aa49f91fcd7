// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.internal.group.Failure;
import io.fastsafetensors.toolkit.group.Frame.Brought;
import java.net.InetAddress;

/** A rank's way to the others. Nothing but {@link #leave} blocks. */
interface Control {
  /** Brings a message to an exchange; what all bring comes on the board. */
  void bring(Brought brought);

  /** Says that this rank has waited long enough for another; the verdict comes on the board. */
  void late(Failure lateness);

  /** Ends the group for all. */
  void fail(Failure failure);

  /** Returns where others reach this rank. */
  InetAddress address();

  /** Leaves the group, and closes. */
  void leave();
}
