// SPDX-License-Identifier: Apache-2.0
package org.example.tcp;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.DeviceBuffer;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.device.RegionPump;
import io.fastsafetensors.toolkit.group.Rendezvous;
import io.fastsafetensors.toolkit.group.RendezvousTransport;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.List;

/** Moves data over the links, chunk by chunk through host memory; the rendezvous does the rest. */
final class TcpGroup extends RendezvousTransport {
  private static final long CHUNK = 4 << 20;

  private final Links links;

  private TcpGroup(Rendezvous meeting, Links links) {
    super(meeting);
    this.links = links;
  }

  /** Connects ranks that have met. */
  static TcpGroup over(Rendezvous meeting) throws CollectiveException {
    try {
      return new TcpGroup(meeting, new Links(meeting));
    } catch (IOException e) {
      CollectiveException failure = meeting.fail("join", "no connection: " + e.getMessage(), e);
      meeting.close();
      throw failure;
    }
  }

  @Override
  public void broadcast(Region data, int root, DeviceStream stream) throws LoadException {
    give("broadcast", Collections.nCopies(size(), data), data, root, stream);
  }

  @Override
  public void scatter(List<Region> parts, Region part, int root, DeviceStream stream)
      throws LoadException {
    give("scatter", parts, part, root, stream);
    if (rank() == root) {
      RegionPump.copy(parts.get(root), part, stream);
    }
  }

  private void give(String call, List<Region> parts, Region part, int root, DeviceStream stream)
      throws LoadException {
    if (rank() != root) {
      move(call, part, root, stream, false);
    }
    for (int peer = 0; rank() == root && peer < size(); peer++) {
      if (peer != root) {
        move(call, parts.get(peer), peer, stream, true);
      }
    }
  }

  @Override
  public void send(Region data, int peer, DeviceStream stream) throws LoadException {
    move("send", data, peer, stream, true);
  }

  @Override
  public void receive(Region data, int peer, DeviceStream stream) throws LoadException {
    move("receive", data, peer, stream, false);
  }

  /** Sends or receives a region. The link waits as the rendezvous wants it (C-102). */
  private void move(String call, Region data, int peer, DeviceStream stream, boolean out)
      throws LoadException {
    rendezvous().check(call);
    try (DeviceBuffer staging = stream.context().allocateStaging(CHUNK)) {
      for (long at = 0; at < data.bytes(); at += CHUNK) {
        long bytes = Math.min(CHUNK, data.bytes() - at);
        MemorySegment chunk = staging.host().orElseThrow().asSlice(0, bytes);
        if (out) {
          RegionPump.toHost(data, at, chunk, stream);
          stream.record().await(Deadline.after(timeout())); // the bytes are there (D-201)
        }
        links.move(call, peer, chunk.asByteBuffer(), out);
        if (!out) {
          RegionPump.fromHost(chunk, data, at, stream);
          stream.record().await(Deadline.after(timeout())); // the chunk is free again (D-201)
        }
      }
    } catch (LoadException e) {
      if (!(e instanceof CollectiveException)) {
        rendezvous().fail(call, String.valueOf(e.getMessage()), e); // so that no rank waits (C-117)
      }
      throw e;
    }
  }

  @Override
  public Transport split(int color, int key) throws CollectiveException {
    return over(rendezvous().split(color, key));
  }

  @Override
  public void close() {
    links.close();
    rendezvous().close();
  }
}
