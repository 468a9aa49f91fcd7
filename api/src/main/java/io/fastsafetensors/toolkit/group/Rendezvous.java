// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.format.LoadException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What transports between processes have in common: ranks find each other, exchange small messages,
 * and learn when one of them is lost. {@link #join} makes one.
 *
 * <p>Rank 0 listens where {@link GroupConfig} says. Each other rank connects to it and both prove
 * that they know the token, without sending it; strangers are refused and can't disturb the start.
 * The connections stay: heartbeats on them find a lost rank, and every rank is told who it was.
 * What is sent is neither encrypted nor signed: the token keeps out strangers that can connect, not
 * those that can listen or change what others send.
 *
 * <p>A failure is final and the same on every rank: the first that any rank reports. Thread-safe
 * but for {@link #exchange} and {@link #split}, which all ranks call in the same order.
 *
 * @since 0.1
 */
public interface Rendezvous extends AutoCloseable {
  /**
   * Meets the other ranks; blocks until all are there.
   *
   * @param config which rank this is, and where to meet
   * @return the rendezvous; the caller closes it
   * @throws CollectiveException if not all come within the timeout, or one is refused
   */
  static Rendezvous join(GroupConfig config) throws CollectiveException {
    return Joining.join(config);
  }

  /**
   * Tells rank 0, if it waits, that a rank will not come, so that no rank waits for it in vain.
   * Does nothing if rank 0 can't be reached.
   *
   * @param config the rank, and where the others meet
   */
  static void decline(GroupConfig config) {
    Joining.decline(config);
  }

  /**
   * The operation of the {@link #exchange} by which a transport waits, before it closes connections
   * of its own that other ranks may still use, until all ranks close theirs. A rank that is in it
   * while others exchange something else has left the group, as far as they are concerned.
   */
  String CLOSE = "close";

  /**
   * Returns this rank.
   *
   * @return from 0 to {@code size() - 1}
   */
  int rank();

  /**
   * Returns how many ranks there are.
   *
   * @return at least 1
   */
  int size();

  /**
   * Returns how long a rank may be waited for.
   *
   * @return the group's timeout
   */
  Duration timeout();

  /**
   * Returns where the other ranks reach this one: the address by which it reaches rank 0.
   *
   * @return the address
   */
  InetAddress address();

  /**
   * Exchanges small messages; blocks until every rank's is here. Ranks that do not name the same
   * operation can't go on: the group fails on all of them.
   *
   * @param operation what is going on
   * @param message this rank's; also empty
   * @param timeout how long to wait for the other ranks
   * @return every rank's message, by rank
   * @throws CollectiveException if a rank is lost or late, or the group failed before
   */
  List<byte[]> exchange(String operation, byte[] message, Duration timeout)
      throws CollectiveException;

  /**
   * Splits the group; all ranks call it.
   *
   * @param color ranks of equal color form a group
   * @param key the order of the ranks in their new group; ties go by the old rank
   * @return this rank's new group, over the same connections: it fails when this one fails, and
   *     ends when this one is closed
   * @throws CollectiveException if a rank is lost or late
   */
  Rendezvous split(int color, int key) throws CollectiveException;

  /**
   * A wait for another rank that the transport can do in slices.
   *
   * @since 0.1
   */
  @FunctionalInterface
  interface Wait {
    /**
     * Waits a little.
     *
     * @param slice how long at most
     * @return true if what was waited for is there
     * @throws LoadException if it will never be
     * @throws InterruptedException if the thread is interrupted
     */
    boolean within(Duration slice) throws LoadException, InterruptedException;
  }

  /**
   * Waits for another rank's part of a transfer, for as long as the group's timeout, and less if
   * the group fails meanwhile.
   *
   * @param operation what is going on, for exceptions
   * @param peer the rank waited for. If it waits for another rank itself, that one is blamed
   * @param wait the wait
   * @throws CollectiveException if a rank is lost or late, or if the wait fails: all ranks are told
   */
  void await(String operation, int peer, Wait wait) throws CollectiveException;

  /**
   * Throws if the group failed.
   *
   * @param operation what is going on, for the exception
   * @throws CollectiveException if it did
   */
  void check(String operation) throws CollectiveException;

  /**
   * Ends the group for all ranks, because this rank can't go on. If a rank is found lost just now,
   * that is told instead: the one may have caused the other.
   *
   * @param operation what is going on, for the exception
   * @param detail what happened
   * @param cause what was thrown, or null
   * @return what to throw
   */
  CollectiveException fail(String operation, String detail, @Nullable Throwable cause);

  /**
   * Runs an action once when the group fails, or at once if it has; for waking up what waits for
   * the transport itself.
   *
   * @param action must not block or throw
   */
  void onFailure(Runnable action);

  /**
   * Leaves the group; bounded by the timeout. Rank 0 waits for the others to leave. A second call
   * does nothing.
   */
  @Override
  void close();
}
