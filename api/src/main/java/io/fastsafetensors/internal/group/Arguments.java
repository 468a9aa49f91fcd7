// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import java.util.List;

/** What the arguments of every group's methods have to be. */
final class Arguments {
  private Arguments() {}

  static void checkRank(int rank, int size) {
    if (rank < 0 || rank >= size) {
      throw new IllegalArgumentException("no rank " + rank + " in a group of " + size);
    }
  }

  static void checkPeer(int peer, Transport group) {
    checkRank(peer, group.size());
    if (peer == group.rank()) {
      throw new IllegalArgumentException("rank " + peer + " is this rank: want another one");
    }
  }

  static void checkData(Region data, DeviceStream stream) {
    checkDevice(data, stream);
    if (!data.isContiguous()) {
      throw new IllegalArgumentException("not contiguous: " + data);
    }
  }

  private static void checkDevice(Region data, DeviceStream stream) {
    if (!data.buffer().device().equals(stream.context().device())) {
      throw new IllegalArgumentException(
          "data on " + data.buffer().device() + ", stream of " + stream.context().device());
    }
  }

  static void checkParts(List<Region> parts, Region part, Transport group, DeviceStream stream) {
    if (parts.size() != group.size()) {
      throw new IllegalArgumentException(
          parts.size() + " parts for a group of " + group.size() + ": want one a rank");
    }
    parts.forEach(each -> checkDevice(each, stream));
    long own = parts.get(group.rank()).bytes();
    if (own != part.bytes()) {
      throw new IllegalArgumentException(
          "the root's own part has " + own + " bytes, its target " + part.bytes());
    }
  }
}
