// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.io;

import io.fastsafetensors.Reason;
import io.fastsafetensors.TransferPath;
import io.fastsafetensors.backend.gds.host.HostView;
import java.util.OptionalLong;

/** In what manner a file is read, and what can be told of it afterwards. */
sealed interface Manner {
  /** Returns how reports call the path of cuFile's reads. */
  TransferPath path();

  /** Says what went which way, why, and what speaks for it: one line, once the file is read. */
  Reason reason(String shares);

  /** Nothing of the file is for cuFile. */
  record Staged(long smallest) implements Manner {
    @Override
    public TransferPath path() {
      return TransferPath.BUFFERED;
    }

    @Override
    public Reason reason(String shares) {
      return Reason.of(
              "path.staged",
              "{shares}; no part is of {smallest} bytes, from which on GPUDirect Storage pays")
          .with("shares", shares)
          .with("smallest", smallest);
    }
  }

  /**
   * cuFile reads what is worth it.
   *
   * @param route its way
   * @param registration whether memory is registered
   * @param host the host
   * @param readsBefore how many reads nvidia-fs had counted before
   */
  record ByCuFile(Route route, Registration registration, HostView host, OptionalLong readsBefore)
      implements Manner {
    static ByCuFile of(Route route, Registration registration, HostView host) {
      return new ByCuFile(route, registration, host, host.countedReads());
    }

    @Override
    public TransferPath path() {
      return route.path();
    }

    @Override
    public Reason reason(String shares) {
      Reason way =
          route.peerToPeer()
              ? Reason.of(
                  "path.peer-to-peer", "{shares}; peer to peer: {route}{registration}{evidence}")
              : Reason.of(
                  "path.compatibility",
                  "{shares}; compatibility mode, by the host: {route}{registration}");
      Reason reason =
          way.with("shares", shares)
              .with("route", route.reason())
              .with("registration", registration.explain());
      return route.peerToPeer() ? reason.with("evidence", evidence()) : reason;
    }

    private String evidence() {
      OptionalLong now = host.countedReads();
      if (readsBefore.isEmpty() || now.isEmpty()) {
        return "";
      }
      long reads = now.getAsLong() - readsBefore.getAsLong();
      return reads > 0
          ? "; nvidia-fs counted " + reads + " reads meanwhile"
          : "; but nvidia-fs counted no read: cuFile went through the host";
    }
  }
}
