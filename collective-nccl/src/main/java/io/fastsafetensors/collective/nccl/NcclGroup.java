// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.collective.nccl.library.Communicator;
import io.fastsafetensors.collective.nccl.library.Communicator.Pause;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.group.Rendezvous;
import io.fastsafetensors.toolkit.group.RendezvousTransport;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;

/**
 * A rank with a GPU. Data goes over NCCL, control messages over the rendezvous: it needs no device,
 * and tells who is missing, which NCCL doesn't.
 */
final class NcclGroup extends RendezvousTransport {
  private static final Logger LOG = System.getLogger(NcclGroup.class.getName());

  private final DeviceContext context;
  private final Worker worker;
  private final Communicator communicator;
  private final Packing packing;
  private final NcclExchange exchange;
  private final boolean isWhole;
  private boolean failed;
  private boolean closed;

  private NcclGroup(
      Rendezvous rendezvous,
      DeviceContext context,
      Worker worker,
      Communicator communicator,
      boolean isWhole) {
    super(rendezvous);
    this.context = context;
    this.worker = worker;
    this.communicator = communicator;
    this.packing = new Packing(context, rendezvous.size());
    this.exchange = new NcclExchange(rendezvous, worker, communicator, packing);
    this.isWhole = isWhole;
  }

  /** Connects all ranks; the group of all takes over the context and the rendezvous. */
  static NcclGroup connect(Rendezvous rendezvous, DeviceContext context, boolean isWhole)
      throws CollectiveException {
    Worker worker = new Worker(rendezvous);
    boolean done = false;
    try {
      Communicator communicator = communicate(rendezvous, context, worker);
      done = true;
      return new NcclGroup(rendezvous, context, worker, communicator, isWhole);
    } finally {
      if (!done) {
        worker.close();
      }
    }
  }

  private static Communicator communicate(
      Rendezvous rendezvous, DeviceContext context, Worker worker) throws CollectiveException {
    int rank = rendezvous.rank();
    byte[] mine = rank > 0 ? new byte[0] : worker.call("join", rank, pause -> Communicator.newId());
    byte[] id = rendezvous.exchange("join", mine, rendezvous.timeout()).getFirst();
    int other = rank == 0 ? rendezvous.size() - 1 : 0;
    return worker.call(
        "join",
        other,
        pause -> {
          context.attach();
          return Communicator.connect(id, rank, rendezvous.size(), pause);
        });
  }

  @Override
  public Transport split(int color, int key) throws CollectiveException {
    return connect(rendezvous().split(color, key), context, false);
  }

  @Override
  public void broadcast(Region data, int root, DeviceStream stream) throws LoadException {
    run("broadcast", stream, () -> exchange.broadcast(data, root, stream));
  }

  @Override
  public void scatter(List<Region> parts, Region part, int root, DeviceStream stream)
      throws LoadException {
    run(
        "scatter",
        stream,
        () -> {
          if (rank() == root) {
            exchange.sendParts(parts, part, stream);
          } else {
            exchange.receivePart(part, root, stream);
          }
        });
  }

  @Override
  public void send(Region data, int peer, DeviceStream stream) throws LoadException {
    run("send", stream, () -> exchange.send(data, peer, stream));
  }

  @Override
  public void receive(Region data, int peer, DeviceStream stream) throws LoadException {
    run("receive", stream, () -> exchange.receive(data, peer, stream));
  }

  private interface Work {
    void run() throws LoadException;
  }

  private void run(String operation, DeviceStream stream, Work work) throws LoadException {
    boolean done = false;
    try {
      rendezvous().check(operation);
      requireOwn(operation, stream);
      work.run();
      done = true;
    } finally {
      if (!done) {
        // At once, not at close: the device still waits for peers that won't come.
        failed = true;
        worker.release(this::abort, communicator::abort);
      }
    }
  }

  private boolean abort(Pause pause) {
    communicator.abort();
    return true;
  }

  private void requireOwn(String operation, DeviceStream stream) throws CollectiveException {
    if (!stream.context().device().equals(context.device())) {
      throw rendezvous()
          .fail(
              operation,
              "this rank's group is on %s, its data on %s"
                  .formatted(context.device(), stream.context().device()),
              null);
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    boolean inOrder = !failed && allClose();
    worker.release(pause -> release(inOrder, pause), communicator::abort);
    worker.close();
    if (isWhole) {
      rendezvous().close();
    }
  }

  /** Waits for the others, whose last operations may need this rank's communicator. */
  private boolean allClose() {
    try {
      if (isWhole) {
        rendezvous().exchange(Rendezvous.CLOSE, new byte[0], timeout());
      } else {
        rendezvous().check(Rendezvous.CLOSE);
      }
      return true;
    } catch (CollectiveException e) {
      LOG.log(Level.DEBUG, "not all ranks close their group", e);
      return false;
    }
  }

  private boolean release(boolean inOrder, Pause pause) throws LoadException {
    context.attach();
    try (packing) {
      if (inOrder) {
        communicator.finish(pause);
      }
    } finally {
      communicator.abort();
      if (isWhole) {
        context.close();
      }
    }
    return true;
  }
}
