// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.spi.IoSession;
import io.fastsafetensors.spi.IoTicket;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Several files on their way in one session. */
final class ConcurrentFiles {
  private record Flight(SampleFile file, IoTicket ticket) {}

  private final IoBench bench;
  private final IoSession session;
  private final List<Flight> flights = new ArrayList<>();

  ConcurrentFiles(IoBench bench, IoSession session) {
    this.bench = bench;
    this.session = session;
  }

  void submit(long... sizes) throws IOException {
    for (long size : sizes) {
      SampleFile file = bench.folder.write(size);
      flights.add(new Flight(file, bench.submit(session, file.whole())));
    }
  }

  /** Awaits the last first; each must have its own bytes. */
  void awaitBackwards(Rule rule) throws IOException {
    for (Flight flight : flights.reversed()) {
      try (IoTicket ticket = flight.ticket()) {
        bench.check(rule, flight.file(), flight.file().whole(), bench.await(ticket));
      }
    }
  }
}
