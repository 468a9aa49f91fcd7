// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static io.fastsafetensors.integration.Mutation.spi;

import java.util.List;
import java.util.stream.Stream;

/** The sample on the bare SPI, wrong in one way each. */
final class SpiMutations {
  static final String SUBMIT =
      "blocks.forEach(block -> readers.execute(() -> ticket.run(() -> ticket.read(block))));\n"
          + "    return ticket;";
  private static final String ALLOCATE =
      "DeviceBuffer buffer = context.allocate(layout.bytes(), layout.bufferAlignment());";
  private static final String CHECKPOINT = "options.monitor().checkpoint(); // IO-106";
  private static final String SUBMIT_BEGINS = "    if (closed) {\n";
  private static final String FIELD = "  private boolean closed;\n";
  private static final String CLOSE = "  public void close() {\n    closed = true;\n";
  private static final String FAILS_LOAD =
      "throw new io.fastsafetensors.format.LoadException(\"out of order\");";
  private static final String CLAIM = "server, Capability.COPIED)";
  private static final String REFUSE_MAPPED = "options.path() == AccessPath.MAPPED";
  private static final String REFUSE_DIRECT = "|| options.direct() == DirectMode.ON";

  private SpiMutations() {}

  static List<Mutation> all() {
    return Stream.of(
            providers(),
            reading(),
            OpenFileMutations.all(),
            EarlyRangeMutations.all(),
            waiting(),
            owning(),
            telling())
        .flatMap(List::stream)
        .toList();
  }

  private static List<Mutation> providers() {
    return List.of(
        spi(
            "P-101",
            "counts its probes",
            "  @Override\n  public String id() {",
            "  private int probes;\n\n  @Override\n  public String id() {\n    probes++;"),
        spi(
            "P-101",
            "can't be made",
            "  @Override\n  public String id() {",
            "  public SpiBackend() {\n    throw new IllegalStateException(\"no server\");\n  }\n\n"
                + "  @Override\n  public String id() {"),
        spi("P-102", "has an id in upper case", "\"example-spi\"", "\"Example-SPI\"")
            .called("Example-SPI"),
        spi("P-102", "has an id with two dashes", "\"example-spi\"", "\"example--spi\"")
            .called("example--spi"),
        spi(
            "P-103",
            "throws for other devices",
            "    String server = Settings",
            "    if (!device.isCpu()) {\n      throw new IllegalArgumentException(\"want cpu\");\n"
                + "    }\n    String server = Settings"),
        spi("P-103", "gives no reason", "\"want cpu, and -D\" + SERVER.systemProperty()", "\"\"")
            .and(" + \"=http://HOST:PORT\"", ""),
        spi(
            "P-103",
            "leaves its socket open",
            "try (Socket socket = new Socket()) {",
            "try {\n      Socket socket = new Socket();"),
        spi(
            "P-103",
            "never answers",
            "      URI uri = URI.create(server);",
            "      Thread.sleep(Long.MAX_VALUE);\n      URI uri = URI.create(server);"),
        spi("P-104", "was built for another version", "return SPI_VERSION", "return 2"),
        spi("P-105", "is not listed in its descriptor", "provides", "uses")
            .and("IoBackend with\n      org.example.spi.SpiBackend;", "IoBackend;")
            .onClassPath(),
        spi("P-106", "changes its priority", "return 30", "return (int) System.nanoTime()"),
        spi("P-107", "has an option under another name", "ID + \".server\"", "\"http.server\"")
            .and(
                "Settings.value(SERVER)",
                "System.getProperty(\"io.fastsafetensors.example-spi.server\", \"\")"),
        spi("P-107", "has an option twice", "List.of(SERVER)", "List.of(SERVER, SERVER)"));
  }

  private static List<Mutation> reading() {
    return List.of(
        spi(
            "IO-103",
            "takes offsets for 32 bits",
            "\"bytes=\" + block.fileOffset()",
            "\"bytes=\" + (int) block.fileOffset()"),
        spi("IO-103", "puts blocks at the begin", "asSlice(block.bufferOffset()", "asSlice(0"),
        spi(
            "IO-103",
            "forgets empty ranges",
            "layout.regions(buffer)",
            "layout.regions(buffer).stream().filter(region -> region.bytes() > 0).toList()"),
        spi("IO-104", "lists a buffer twice", "List.of(buffer)", "List.of(buffer, buffer)"),
        spi("IO-104", "lists no buffer", "List.of(buffer)", "List.of()"),
        spi(
            "IO-105",
            "takes what it got for the whole",
            "!got.equals(range) || answer.body().length != block.bytes()",
            "false"),
        spi(
            "IO-105",
            "does not ask how large the file is",
            "!got.equals(range)",
            "!got.startsWith(\"bytes \" + block.fileOffset() + \"-\")"),
        spi("IO-108", "forgets the alignment", "Math.max(64, options.alignment())", "64"),
        spi(
            "IO-109",
            "takes data for a missing feature",
            "return new TransferException(\n          SpiBackend.ID, plan.file(),"
                + " block.fileOffset(), block.bytes(), detail, cause);",
            "return new UnsupportedTransferException(SpiBackend.ID, plan.file(), detail, cause);"),
        spi(
            "IO-109",
            "takes a missing file for a missing feature",
            "String got = answer",
            "if (answer.statusCode() == 404) {\n          throw new"
                + " UnsupportedTransferException(SpiBackend.ID, plan.file(), \"404\", null);\n"
                + "        }\n        String got = answer"),
        spi(
            "IO-109",
            "reads any file system as the default",
            "plan.file().getFileSystem() != FileSystems.getDefault()\n        || ",
            ""),
        spi(
            "IO-118",
            "mixes up ranges of three threads",
            "layout.regions(buffer)",
            "options.threads() == 3 ? layout.regions(buffer).reversed() : layout.regions(buffer)"),
        spi(
            "IO-118",
            "forgets the last of small blocks",
            "List<Span> blocks = layout.blocks(options.blockBytes() > 0 ? options.blockBytes() :"
                + " 8 << 20);",
            "List<Span> blocks = layout.blocks(options.blockBytes() > 0 ? options.blockBytes() :"
                + " 8 << 20);\n    if (options.blockBytes() == 12_288) {\n      blocks ="
                + " blocks.subList(0, blocks.size() - 1);\n    }"),
        spi(
            "IO-125",
            "has passed the header",
            "  @Override\n  public IoSession open(",
            """
            @Override
            public java.nio.channels.SeekableByteChannel channel(java.nio.file.Path file)
                throws java.io.IOException {
              return IoBackend.super.channel(file).position(8);
            }

            @Override
            public IoSession open(\
            """),
        spi("IO-121", "copies instead of mapping", REFUSE_MAPPED, "options.threads() < 0"),
        spi("IO-121", "ignores that reads are to be direct", REFUSE_DIRECT, ""),
        spi("IO-122", "claims to map", CLAIM, "server, Capability.COPIED, Capability.MAPPED)")
            .and(REFUSE_MAPPED, "options.threads() < 0"),
        spi(
                "IO-122",
                "claims direct reads",
                CLAIM,
                "server, Capability.COPIED, Capability.DIRECT_IO)")
            .and(REFUSE_DIRECT, ""));
  }

  private static List<Mutation> waiting() {
    return List.of(
        spi(
            "IO-101",
            "reads in submit()",
            SUBMIT,
            "blocks.forEach(block -> ticket.run(() -> ticket.read(block)));\n    return ticket;"),
        spi(
            "IO-101",
            "waits for its readers in submit()",
            SUBMIT,
            "blocks.stream().map(block -> java.util.concurrent.CompletableFuture.runAsync(() ->"
                + " ticket.run(() -> ticket.read(block)), readers)).toList().forEach(job ->"
                + " job.join());\n    return ticket;"),
        spi(
            "IO-102",
            "goes on behind a closed ticket",
            SUBMIT,
            wrapping("return right.await();", "Thread.ofPlatform().start(right::close);")),
        spi("IO-102", "stops at the end of the file only", "buffer, blocks.size());", "buffer, 1);")
            .and(
                SUBMIT,
                "readers.execute(() -> ticket.run(() -> {\n      for (Span block : blocks) {\n"
                    + "        ticket.read(block);\n      }\n    }));\n    return ticket;"),
        spi("IO-106", "never asks whether to go on", CHECKPOINT, ""),
        spi(
            "IO-106",
            "asks once a file",
            CHECKPOINT,
            "if (block.fileOffset() == 0) {\n        options.monitor().checkpoint();\n      }"),
        spi(
            "IO-106",
            "wraps the cancellation",
            CHECKPOINT,
            "try {\n        options.monitor().checkpoint();\n      } catch (LoadException e) {\n"
                + "        throw new LoadException(\"failed\", e);\n      }"),
        spi(
            "IO-106",
            "ignores interrupts",
            SUBMIT,
            wrapping(
                """
                while (true) {
                          try {
                            done.await();
                            return right.await();
                          } catch (InterruptedException e) {
                            // again
                          }
                        }\
                """,
                "right.close();")),
        spi(
            "IO-107",
            "waits without a deadline",
            SUBMIT,
            wrapping(
                "try {\n"
                    + "          done.await();\n"
                    + "        } catch (InterruptedException e) {\n"
                    + "          throw new"
                    + " io.fastsafetensors.format.LoadCancelledException(\"interrupted\", false);\n"
                    + "        }\n"
                    + "        return right.await();",
                "right.close();")));
  }

  /** Submits, and gives out a ticket with other methods; {@code done} counts the jobs. */
  private static String wrapping(String await, String close) {
    return """
    java.util.concurrent.CountDownLatch done =
        new java.util.concurrent.CountDownLatch(blocks.size());
    blocks.forEach(
        block ->
            readers.execute(
                () -> {
                  ticket.run(() -> ticket.read(block));
                  done.countDown();
                }));
    IoTicket right = ticket;
    return new IoTicket() {
      @Override
      public LoadedRanges await() throws LoadException {
        %s
      }

      @Override
      public void close() {
        %s
      }
    };
    """
        .formatted(await, close)
        .strip();
  }

  private static List<Mutation> owning() {
    return List.of(
        spi(
                "IO-110",
                "frees what it handed out",
                FIELD,
                "  private final List<DeviceBuffer> all = new java.util.ArrayList<>();\n" + FIELD)
            .and(ALLOCATE, ALLOCATE + "\n    all.add(buffer);")
            .and(
                "    client.close();",
                "    client.close();\n    all.forEach(DeviceBuffer::close);"),
        spi("IO-111", "submits after close()", SUBMIT_BEGINS, "    if (options.threads() < 0) {\n"),
        spi(
            "IO-111",
            "can't be closed twice",
            CLOSE,
            "  public void close() {\n    if (closed) {\n      throw new"
                + " IllegalStateException(\"closed\");\n    }\n    closed = true;\n"),
        spi(
            "IO-136",
            "hands out what can't be written",
            "      return LoadedRanges.of(List.of(buffer), layout.regions(buffer), stats);",
            """
                  DeviceBuffer given =
                      options.writable()
                          ? DeviceBuffer.ofHost(
                              buffer.host().orElseThrow().asReadOnly(), buffer::close)
                          : buffer;
                  return LoadedRanges.of(List.of(given), layout.regions(given), stats);\
            """),
        spi("IO-112", "leaves its client open", "    client.close();\n", ""),
        spi("IO-112", "leaves its threads running", "    readers.close();\n", ""),
        spi("IO-112", "forgets memory after a failure", "        buffer.close();\n", ""),
        spi("IO-113", "forgets the budget", "budget.take(layout.bytes()); // IO-113", "")
            .and("budget.giveBack(layout.bytes());", ""),
        spi(
                "IO-113",
                "forgets the padding",
                "budget.take(layout.bytes()); // IO-113",
                "budget.take(plan.bytes());")
            .and("giveBack(layout.bytes())", "giveBack(plan.bytes())"),
        spi(
                "IO-113",
                "has a budget for each file",
                "budget.take(layout.bytes()); // IO-113",
                "new MemoryBudget(context.device(), options.memoryBudget()).take(layout.bytes());")
            .and("budget.giveBack(layout.bytes());", ""),
        spi(
            "IO-124",
            "keeps what it was promised",
            "budget.take(layout.bytes()); // IO-113",
            "options.monitor().memory().reserve(layout.bytes());\n    budget.take(layout.bytes());"),
        spi(
                "IO-114",
                "gives up after a failure",
                FIELD,
                "  private volatile boolean failed;\n" + FIELD)
            .and(
                "      return new TransferException(",
                "      failed = true;\n      return new TransferException(")
            .and(
                SUBMIT_BEGINS,
                "    if (failed) {\n      " + FAILS_LOAD + "\n    }\n" + SUBMIT_BEGINS),
        spi("IO-114", "has one file at a time", FIELD, "  private volatile boolean busy;\n" + FIELD)
            .and(
                SUBMIT_BEGINS,
                SUBMIT_BEGINS.replace("closed", "busy")
                    + "      "
                    + FAILS_LOAD
                    + "\n    }\n    busy = true;\n"
                    + SUBMIT_BEGINS)
            .and("      if (!handedOut && ", "      busy = false;\n      if (!handedOut && "),
        spi(
            "IO-116",
            "throws something else when memory is out",
            ALLOCATE,
            "DeviceBuffer buffer;\n    try {\n      buffer = context.allocate(layout.bytes(),"
                + " layout.bufferAlignment());\n    } catch"
                + " (io.fastsafetensors.DeviceMemoryException e) {\n      throw new"
                + " IllegalStateException(e);\n    }"),
        spi(
                "IO-117",
                "knows of other sessions",
                FIELD,
                "  private static final java.util.concurrent.atomic.AtomicInteger OPEN = new"
                    + " java.util.concurrent.atomic.AtomicInteger();\n"
                    + FIELD)
            .and(
                SUBMIT_BEGINS,
                "    if (OPEN.get() > 1) {\n      " + FAILS_LOAD + "\n    }\n" + SUBMIT_BEGINS)
            .and(
                "    this.server = server;\n",
                "    this.server = server;\n    OPEN.incrementAndGet();\n")
            .and(
                CLOSE,
                """
                  public void close() {
                    if (!closed) {
                      OPEN.decrementAndGet();
                    }
                    closed = true;
                """),
        spi(
            "IO-119",
            "has readers that don't attach",
            CHECKPOINT,
            CHECKPOINT + "\n      context.allocate(8, 8).close();"));
  }

  private static List<Mutation> telling() {
    String told =
        "      options\n          .monitor()\n          .blockDone(plan.file(),"
            + " TransferPath.BUFFERED, block.fileOffset(), block.bytes(), nanos);\n";
    return List.of(
        spi("IO-115", "tells of blocks before it reads them", told, "")
            .and(
                "      byte[] bytes = get(block);\n",
                "      options.monitor().blockDone(plan.file(), TransferPath.BUFFERED,"
                    + " block.fileOffset(), block.bytes(), 0);\n"
                    + "      byte[] bytes = get(block);\n"),
        spi("IO-115", "tells of no block", told, ""),
        spi(
            "IO-115",
            "names another file",
            told,
            told.replace("plan.file()", "plan.file().getParent()")),
        spi(
            "IO-115",
            "counts half of the bytes",
            ".bytes(TransferPath.BUFFERED, bytes)",
            ".bytes(TransferPath.BUFFERED, bytes / 2)"));
  }
}
