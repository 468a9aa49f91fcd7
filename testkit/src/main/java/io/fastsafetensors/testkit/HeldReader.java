// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Deadline;
import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import io.fastsafetensors.spi.LoadedRanges;
import org.junit.jupiter.api.Assumptions;

/** A load whose reader hangs, as a dead network file system makes it. */
final class HeldReader {
  private HeldReader() {}

  /** Fails unless awaiting ends in time with an exception; the reader goes on only after that. */
  static void awaitFails(
      IoBench bench, Rule rule, Class<? extends LoadException> type, String call, Runnable before)
      throws Exception {
    bench.copied().threads(1).blocks(4096);
    SampleFile file = bench.folder.write(64 * 4096);
    bench.monitor.holdReaders();
    try (IoSession session = bench.session();
        IoTicket ticket = bench.submit(session, file.whole())) {
      try {
        rule.refuses(type, call, () -> bench.ends(rule, call, () -> await(bench, ticket, before)));
      } finally {
        bench.monitor.releaseReaders();
      }
    }
  }

  /** Fails unless stopping ends in time and tells whether closing will wait. */
  static void stopTells(IoBench bench, Rule rule) throws Exception {
    bench.copied().threads(1).blocks(4096);
    SampleFile file = bench.folder.write(64 * 4096);
    bench.monitor.holdReaders();
    try (IoSession session = bench.session();
        IoTicket ticket = bench.submit(session, file.whole())) {
      try {
        bench.monitor.awaitHeld(bench.environment.patience());
        Deadline soon = Deadline.after(bench.environment.quiet());
        int left = bench.ends(rule, "stop() with a reader that hangs", () -> ticket.stop(soon));
        rule.check(left >= 0, "stop() returned " + left);
        if (left == 0) {
          bench.ends(
              rule, "close() after stop() said that nothing is under way", () -> closed(ticket));
        }
      } finally {
        bench.monitor.releaseReaders();
      }
    }
  }

  private static boolean closed(IoTicket ticket) {
    ticket.close();
    return true;
  }

  private static LoadedRanges await(IoBench bench, IoTicket ticket, Runnable before)
      throws LoadException {
    before.run();
    LoadedRanges loaded = bench.await(ticket);
    Assumptions.assumeTrue(
        bench.monitor.hasHeld(), "the backend reads on the caller's thread: no reader hangs");
    return loaded;
  }
}
