// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static io.fastsafetensors.integration.Mutation.spi;

import java.util.List;

/** The sample on the bare SPI, whose ranges that are given out early are wrong in one way each. */
final class EarlyRangeMutations {
  private static final String LANDED = "      landed(List.of(block)); // IO-132\n";
  private static final String GET = "      byte[] bytes = get(block);\n";

  private EarlyRangeMutations() {}

  static List<Mutation> all() {
    return List.of(
        spi("IO-131", "gives out what it asks for", LANDED, "").and(GET, LANDED + GET),
        spi(
            "IO-131",
            "gives out the range before",
            "layout.region(range, buffer)",
            "layout.region(Math.max(0, range - 1), buffer)"),
        spi(
                "IO-132",
                "gives out all at the end",
                LANDED,
                """
                synchronized (read) {
                  read.add(block);
                  if (read.size() == all) {
                    landed(List.copyOf(read));
                  }
                }
                """)
            .and(
                "    private final Deque<Span> left;\n",
                """
                    private final Deque<Span> left;
                    private final int all;
                    private final List<Span> read = new java.util.ArrayList<>();
                """)
            .and("      this.plan = plan;\n", "      this.plan = plan;\n      this.all = jobs;\n"),
        spi("IO-133", "frees what it gave out", " && !isGivenOut(buffer)", ""),
        spi(
            "IO-134",
            "waits for bytes only",
            SpiMutations.SUBMIT,
            """
            blocks.forEach(block -> readers.execute(() -> ticket.run(() -> ticket.read(block))));
            IoTicket.EarlyRanges right = ticket.early().orElseThrow();
            return new IoTicket() {
              @Override
              public LoadedRanges await() throws LoadException {
                return ticket.await();
              }

              @Override
              public int stop(io.fastsafetensors.spi.Deadline deadline) {
                return ticket.stop(deadline);
              }

              @Override
              public void close() {
                ticket.close();
              }

              @Override
              public Optional<EarlyRanges> early() {
                return Optional.of(
                    new EarlyRanges() {
                      @Override
                      public boolean isThere(int range) {
                        return right.isThere(range);
                      }

                      @Override
                      public void prefer(int range) {
                        right.prefer(range);
                      }

                      @Override
                      public Region await(int range) throws LoadException {
                        while (!right.isThere(range)) {
                          Thread.interrupted();
                          java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
                        }
                        return right.await(range);
                      }
                    });
              }
            };
            """),
        spi(
            "IO-135",
            "knows one order",
            "wanted.reversed().forEach(left::addFirst)",
            "left.addAll(wanted)"));
  }
}
