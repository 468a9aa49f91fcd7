// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.toolkit.group.Rendezvous;
import java.io.Closeable;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One copy of MPJ Express, connected to the other ranks'. */
final class MpjDevice {
  /** What else than a slow rank keeps MPJ Express from connecting. */
  static final String STRANGERS =
      "a stranger may have connected to one of its ports (25000 to 40000), which know no token";

  private final MpjLibrary library;
  private final AtomicInteger nextTag = new AtomicInteger(1);
  private volatile @Nullable Object world;

  private MpjDevice(MpjLibrary library) {
    this.library = library;
  }

  /** Connects all ranks; when it fails on one, it does on all. */
  static MpjDevice open(MpjJar jar, Rendezvous rendezvous) throws CollectiveException {
    MpjDevice device;
    try {
      device = new MpjDevice(MpjLibrary.load(jar));
    } catch (ReflectiveOperationException | LinkageError e) {
      throw rendezvous.fail("join", "can't load " + jar.path() + ": " + e, e);
    }
    rendezvous.onFailure(device::close);
    boolean done = false;
    try {
      device.connect(rendezvous);
      done = true;
      return device;
    } finally {
      if (!done) {
        device.close();
      }
    }
  }

  private void connect(Rendezvous rendezvous) throws CollectiveException {
    try (PortExchange ports = new PortExchange(rendezvous)) {
      library.listenAt().invoke(rendezvous.address());
      FutureTask<Boolean> init = new FutureTask<>(() -> init(ports.arguments()));
      // Threads that it starts are daemons like it, so that they never keep the JVM.
      Thread thread = Thread.ofPlatform().daemon().name("fastsafetensors-mpj-init").unstarted(init);
      thread.start();
      try {
        ports.run();
        Deadline deadline = Deadline.after(rendezvous.timeout());
        rendezvous.await("join", other(rendezvous), slice -> isDone(init, slice, deadline));
      } finally {
        thread.interrupt(); // It may wait for peers for ever.
      }
    } catch (CollectiveException e) {
      throw e;
    } catch (Throwable e) {
      throw rendezvous.fail("join", "MPJ Express can't start: " + e, e);
    }
    world = library.world().get();
  }

  private static int other(Rendezvous rendezvous) {
    return rendezvous.rank() == 0 ? rendezvous.size() - 1 : 0;
  }

  private boolean init(String[] arguments) throws Exception {
    try {
      library.init().invoke(arguments);
      return true;
    } catch (Exception | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static boolean isDone(FutureTask<Boolean> task, Duration slice, Deadline deadline)
      throws LoadException, InterruptedException {
    try {
      return task.get(slice.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      if (deadline.hasPassed()) {
        throw new LoadException(
            "MPJ Express did not reach all ranks within %s; %s"
                .formatted(deadline.allowed(), STRANGERS));
      }
      return false;
    } catch (ExecutionException e) {
      throw new LoadException("MPJ Express can't start: " + e.getCause(), e);
    }
  }

  /** Returns tags for a new group: the same on all ranks of the group that splits. */
  int newTag(Rendezvous rendezvous) throws CollectiveException {
    byte[] mine = ByteBuffer.allocate(Integer.BYTES).putInt(nextTag.get()).array();
    int tag =
        rendezvous.exchange("split", mine, rendezvous.timeout()).stream()
            .mapToInt(message -> ByteBuffer.wrap(message).getInt())
            .max()
            .orElseThrow();
    nextTag.set(tag + 1);
    return tag;
  }

  /** Starts to send a chunk to a rank of all. */
  MpjRequest send(ChunkTransfer chunk, int rank, int tag) throws LoadException {
    try {
      ByteBuffer bytes = chunk.toSend();
      Object buffer = library.newBuffer().invoke(bytes, chunk.overhead(), bytes.capacity());
      library.setSize().invoke(buffer, chunk.bytes());
      return request(library.send().invoke(world, buffer, rank, tag), buffer);
    } catch (Throwable e) {
      throw new LoadException("MPJ Express can't send: " + e, e);
    }
  }

  /** Starts to receive a message from a rank of all. */
  MpjRequest receive(ByteBuffer bytes, int rank, int tag) throws LoadException {
    try {
      Object buffer = library.newBuffer().invoke(bytes, 0, bytes.capacity());
      return request(library.receive().invoke(world, buffer, rank, tag), buffer);
    } catch (Throwable e) {
      throw new LoadException("MPJ Express can't receive: " + e, e);
    }
  }

  private MpjRequest request(Object request, Object buffer) {
    return new MpjRequest(library, request, buffer);
  }

  /**
   * Closes all its connections, so that its threads end. Its own way to finish asks all ranks to
   * answer, and hangs when one does not.
   */
  void close() {
    try {
      library.abort().invoke();
      @Nullable Object device = library.device().get();
      if (device != null) {
        for (Field field : device.getClass().getDeclaredFields()) {
          closeValue(field, device);
        }
      }
    } catch (Throwable e) {
      System.getLogger(MpjDevice.class.getName())
          .log(System.Logger.Level.WARNING, "can't close MPJ Express", e);
    }
  }

  /** Closes, and waits until no memory is read or written any more. */
  void stop() {
    close();
    try {
      library.drain().invoke();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static void closeValue(Field field, Object device)
      throws IllegalAccessException, IOException {
    try {
      field.setAccessible(true);
    } catch (InaccessibleObjectException e) {
      return;
    }
    switch (field.get(device)) {
      case Closeable closeable -> closeable.close();
      case List<?> list -> {
        for (Object each : list.toArray()) {
          if (each instanceof Closeable closeable) {
            closeable.close();
          }
        }
      }
      case null, default -> {}
    }
  }
}
