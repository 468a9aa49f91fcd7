// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static io.fastsafetensors.integration.Mutation.tcp;

import java.util.List;
import java.util.stream.Stream;

/** The sample over TCP, wrong in one way each. */
final class TcpMutations {
  private static final String SPLIT =
      "  @Override\n  public Transport split(int color, int key) throws CollectiveException {\n";
  private static final String RETURN_SPLIT = "return over(rendezvous().split(color, key));";
  private static final String CLOSE = "    links.close();\n    rendezvous().close();\n";
  private static final String BROADCAST =
      "give(\"broadcast\", Collections.nCopies(size(), data), data, root, stream);";
  private static final String SEND = "move(\"send\", data, peer, stream, true);";
  private static final String RECEIVE = "move(\"receive\", data, peer, stream, false);";
  private static final String OWN_PART =
      "    if (rank() == root) {\n      RegionPump.copy(parts.get(root), part, stream);\n    }\n";
  private static final String MOVE = "links.move(call, peer, chunk.asByteBuffer(), out);";
  private static final String BYTES_ARE_THERE =
      "          stream.record().await(Deadline.after(timeout())); // the bytes are there"
          + " (D-201)\n";
  private static final String CHUNK_IS_FREE =
      "          stream.record().await(Deadline.after(timeout())); // the chunk is free again"
          + " (D-201)\n";
  private static final String CHUNK =
      "MemorySegment chunk = staging.host().orElseThrow().asSlice(0, bytes);";
  private static final String TO_HOST = "RegionPump.toHost(data, at, chunk, stream);";
  private static final String AWAIT =
      "meeting.await(call, peer, slice -> move(peers[peer], bytes, out, slice));";
  private static final String JOIN = "return TcpGroup.over(Rendezvous.join(config));";
  private static final String PROBE =
      "    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress()))"
          + " {\n";

  private TcpMutations() {}

  static List<Mutation> all() {
    return Stream.of(providers(), joining(), moving(), gathering(), splitting(), ending())
        .flatMap(List::stream)
        .toList();
  }

  private static List<Mutation> providers() {
    return List.of(
        tcp(
            "P-101",
            "counts its probes",
            "  @Override\n  public String id() {",
            "  private int probes;\n\n  @Override\n  public String id() {\n    probes++;"),
        tcp(
            "P-101",
            "can't be made",
            "  @Override\n  public String id() {",
            "  public TcpCollective() {\n    throw new IllegalStateException(\"no net\");\n  }\n\n"
                + "  @Override\n  public String id() {"),
        tcp("P-102", "has an id with an underscore", "\"example-tcp\"", "\"example_tcp\"")
            .called("example_tcp"),
        tcp("P-102", "has an id with two dashes", "\"example-tcp\"", "\"example--tcp\"")
            .called("example--tcp"),
        tcp(
            "P-103",
            "throws for one other device",
            PROBE,
            "    if (device.type().equals(\"sim\")) {\n      throw new"
                + " IllegalArgumentException(\"no simulations\");\n    }\n"
                + PROBE),
        tcp(
            "P-103",
            "gives no reason",
            PROBE,
            "    if (device.type().equals(\"cuda\")) {\n      return"
                + " Availability.unavailable(\"\");\n    }\n"
                + PROBE),
        tcp(
            "P-103",
            "leaves its port open",
            PROBE,
            "    try {\n      ServerSocket socket = new ServerSocket(0, 1,"
                + " InetAddress.getLoopbackAddress());\n"),
        tcp(
            "P-103",
            "never answers",
            PROBE,
            "    while (device.isCpu()) {\n      Thread.onSpinWait();\n    }\n" + PROBE),
        tcp("P-104", "was built for another version", "return SPI_VERSION", "return 2"),
        tcp("P-105", "is not listed in its descriptor", "provides", "uses")
            .and("Collective with\n      org.example.tcp.TcpCollective;", "Collective;")
            .onClassPath(),
        tcp("P-106", "changes its priority", "return -10", "return (int) System.nanoTime()"));
  }

  private static List<Mutation> joining() {
    return List.of(
        tcp("C-101", "doubles the timeout", JOIN, joined("config.rank()", "multipliedBy(2)")),
        tcp(
            "C-101",
            "turns the ranks round",
            JOIN,
            joined("config.size() - 1 - config.rank()", "plusNanos(0)")),
        tcp(
                "C-111",
                "knows of other groups",
                JOIN,
                """
                if (OPEN.merge(config.port(), 1, Integer::sum) > 0 && OPEN.size() > 1) {
                  throw new CollectiveException(config.rank(), "join", -1, "another group", null);
                }
                TcpGroup group = TcpGroup.over(Rendezvous.join(config));
                group.end = () -> OPEN.computeIfPresent(config.port(), (port, n) -> n > 1 ? n - 1 : null);
                return group;
                """)
            .and(
                "  @Override\n  public String id() {",
                "  static final java.util.Map<Integer, Integer> OPEN =\n      new"
                    + " java.util.concurrent.ConcurrentHashMap<>();\n\n"
                    + "  @Override\n  public String id() {")
            .and(
                "  private final Links links;\n",
                "  Runnable end = () -> {};\n  private final Links links;\n")
            .and(CLOSE, CLOSE + "    end.run();\n    end = () -> {};\n"));
  }

  private static String joined(String rank, String timeout) {
    return "return TcpGroup.over(Rendezvous.join(GroupConfig.builder(%s, config.size())"
            .formatted(rank)
        + ".localRank(config.localRank()).host(config.host()).port(config.port())"
        + ".token(config.token()).device(config.device())"
        + ".timeout(config.timeout().%s).build()));".formatted(timeout);
  }

  private static List<Mutation> moving() {
    return List.of(
        tcp(
            "C-102",
            "waits without a deadline",
            AWAIT,
            """
            try {
              while (!move(peers[peer], bytes, out, Duration.ofSeconds(1))) {
                continue;
              }
            } catch (InterruptedException e) {
              throw new LoadException("interrupted");
            }\
            """),
        tcp("C-102", "names no operation", RECEIVE, "move(\"\", data, peer, stream, false);"),
        tcp(
            "C-102",
            "throws something else in the end",
            "    } catch (LoadException e) {\n",
            "    } catch (CollectiveException e) {\n      throw new"
                + " LoadException(\"failed\", e);\n    } catch (LoadException e) {\n"),
        tcp("C-103", "takes rank 0 for every root", BROADCAST, BROADCAST.replace("root", "0")),
        tcp("C-103", "sends what is not there yet", BYTES_ARE_THERE, ""),
        tcp("C-103", "frees a chunk that is not copied yet", CHUNK_IS_FREE, ""),
        tcp(
            "C-103",
            "can't broadcast nothing",
            BROADCAST,
            "if (data.bytes() == 0) {\n      throw new"
                + " IllegalArgumentException(\"nothing to move\");\n    }\n    "
                + BROADCAST),
        tcp("C-102", "takes lateness for an end", "return !bytes.hasRemaining();", "return true;"),
        tcp(
            "C-103",
            "takes what came first for all",
            "        if (moved < 0) {",
            """
                    if (moved > 0) {
                      return true;
                    }
                    if (moved < 0) {\
            """),
        tcp(
            "C-103",
            "moves one chunk only",
            "at < data.bytes(); at += CHUNK",
            "at < Math.min(1, data.bytes()); at += CHUNK"),
        tcp(
            "C-103",
            "drops the last byte",
            MOVE,
            "links.move(call, peer, chunk.asByteBuffer().limit((int) Math.max(0, bytes - 1)),"
                + " out);"),
        tcp("C-104", "forgets the own part", OWN_PART, ""),
        tcp(
            "C-104",
            "copies the own part on every rank",
            OWN_PART,
            "    RegionPump.copy(parts.get(root), part, stream);\n"),
        tcp(
            "C-104",
            "takes rows for one piece",
            TO_HOST,
            "stream.copyToHost(Region.of(data.buffer(), data.offset() + at, bytes), chunk);"),
        tcp(
            "C-104",
            "mixes up the parts",
            "move(call, parts.get(peer), peer, stream, true);",
            "move(call, parts.get((peer + 1) % size()), peer, stream, true);"),
        tcp("C-106", "sends to the next rank", SEND, SEND.replace("peer", "(peer + 1) % size()")),
        tcp("C-106", "drops what it sends", SEND, "rendezvous().check(\"send\");"),
        tcp(
            "C-106",
            "receives from rank 0",
            RECEIVE,
            RECEIVE.replace("peer", "rank() == 0 ? peer : 0")),
        tcp("C-106", "has everybody meet when two exchange", SEND, SEND + "\n    barrier();"),
        tcp(
            "D-203",
            "stages in memory of one thread",
            CHUNK,
            "MemorySegment chunk = java.lang.foreign.Arena.ofConfined().allocate(bytes);"),
        tcp(
            "D-203",
            "stages in an array",
            CHUNK,
            "MemorySegment chunk = MemorySegment.ofArray(new byte[(int) bytes]);"));
  }

  private static List<Mutation> gathering() {
    return List.of(
        gather("C-101", "turns messages round", "all.reversed()"),
        gather(
            "C-105",
            "hands out the caller's array",
            "java.util.stream.IntStream.range(0, all.size()).mapToObj(i -> i == right.rank() ?"
                + " (byte[]) args[1] : all.get(i)).toList()"),
        gather(
            "C-105",
            "forgets empty messages",
            "all.stream().filter(each -> each.length > 0).toList()"),
        gather(
            "C-105",
            "cuts off long messages",
            "all.stream().map(each -> java.util.Arrays.copyOf(each, Math.min(each.length,"
                + " 65_536))).toList()"),
        gather("C-112", "answers from before", "++count[0] > 6 ? last[0] : (last[0] = all)"),
        gather("C-113", "has one timeout for all", "all")
            .and(
                "(List<byte[]>) method.invoke(right, args);\n",
                "(List<byte[]>) method.invoke(right, args[0], args[1], right.timeout());\n"));
  }

  /** Changes what the rendezvous answers; the base class of the group allows no other way. */
  private static Mutation gather(String rule, String flaw, String result) {
    String proxy =
"""
  @SuppressWarnings("unchecked")
  private static Rendezvous changed(Rendezvous right) {
    List<byte[]>[] last = new List[1];
    int[] count = new int[1];
    return (Rendezvous)
        java.lang.reflect.Proxy.newProxyInstance(
            Rendezvous.class.getClassLoader(),
            new Class<?>[] {Rendezvous.class},
            (proxy, method, args) -> {
              try {
                if (!method.getName().equals("exchange") || !args[0].equals("allGather")) {
                  return method.invoke(right, args);
                }
                List<byte[]> all = (List<byte[]>) method.invoke(right, args);
                return %s;
              } catch (java.lang.reflect.InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

"""
            .formatted(result);
    return tcp(rule, flaw, "    super(meeting);\n", "    super(changed(meeting));\n")
        .and(SPLIT, proxy + SPLIT);
  }

  private static List<Mutation> splitting() {
    return List.of(
        tcp("C-107", "forgets the key", RETURN_SPLIT, RETURN_SPLIT.replace("key", "0")),
        tcp("C-107", "forgets the colour", RETURN_SPLIT, RETURN_SPLIT.replace("color", "0")),
        tcp(
            "C-107",
            "ends the old group",
            RETURN_SPLIT,
            """
            Transport part = over(rendezvous().split(color, key));
                links.close();
                return part;\
            """),
        tcp(
            "C-107",
            "takes the old group's connections",
            RETURN_SPLIT,
            "return new TcpGroup(rendezvous().split(color, key), links);"));
  }

  private static List<Mutation> ending() {
    return List.of(
        tcp(
            "C-108",
            "takes an end for the rest",
            "throw new EOFException(\"closed by the peer\");",
            "return true;"),
        tcp("C-115", "leaves without a word", CLOSE, "    links.close();\n"),
        tcp(
            "C-102",
            "takes a minute to close after a failure",
            CLOSE,
            """
                try {
                  rendezvous().check("close");
                } catch (CollectiveException e) {
                  java.util.concurrent.locks.LockSupport.parkNanos(60_000_000_000L);
                }
            """
                + CLOSE),
        tcp("C-110", "can't be closed twice", SPLIT, "  private boolean closed;\n\n" + SPLIT)
            .and(
                CLOSE,
                "    if (closed) {\n"
                    + "      throw new IllegalStateException(\"closed\");\n"
                    + "    }\n"
                    + "    closed = true;\n"
                    + CLOSE),
        tcp("C-115", "leaves its connections open", CLOSE, "    rendezvous().close();\n"),
        tcp(
            "C-115",
            "leaves a thread behind",
            CLOSE,
            CLOSE
                + "    Thread.ofPlatform().daemon().start(() ->"
                + " java.util.concurrent.locks.LockSupport.parkNanos(Long.MAX_VALUE));\n"),
        tcp(
            "C-117",
            "throws something else when a device fails",
            "        rendezvous().fail(call, String.valueOf(e.getMessage()), e); // so that no rank"
                + " waits (C-117)\n",
            "        throw new IllegalStateException(e);\n"));
  }
}
