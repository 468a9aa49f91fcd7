// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.GroupConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.zip.CRC32;

/**
 * Where the ranks of a group may meet: the addresses of a machine, and some ports.
 *
 * @param config who the ranks are
 * @param resolver looks up names
 */
record Endpoints(GroupConfig config, Resolver resolver) {
  /** Ports that follow from a job are below those that systems hand out by themselves. */
  private static final int FIRST_PORT = 16_384;

  private static final int PORTS = 8_192;
  private static final int CANDIDATES = 8;

  /** Looks up the addresses of a host. */
  @FunctionalInterface
  interface Resolver {
    /** Returns at least one address; asked again and again, as names may appear late. */
    InetAddress[] addresses(String host) throws UnknownHostException;
  }

  /** Returns the ports in the order in which rank 0 tries them: any may be in use. */
  List<Integer> ports() {
    return config.port() > 0
        ? List.of(config.port())
        : IntStream.range(0, CANDIDATES).map(this::candidate).distinct().boxed().toList();
  }

  private int candidate(int number) {
    CRC32 hash = new CRC32();
    hash.update((number + " " + config.job()).getBytes(StandardCharsets.UTF_8));
    return FIRST_PORT + Math.floorMod(hash.getValue(), PORTS);
  }

  /**
   * Returns where to look for rank 0.
   *
   * @throws CollectiveException if strangers could be there, and nothing would tell
   */
  List<InetAddress> toConnectTo() throws UnknownHostException, CollectiveException {
    return safe(Arrays.asList(resolver.addresses(config.host())));
  }

  /**
   * Returns the address at which rank 0 listens, and no other: a listener on all would be open to
   * networks nobody thought of. It is all only where a name leads to no address of this host by
   * which others could come, but to that of a service in front of it, or to Debian's 127.0.1.1.
   *
   * @throws CollectiveException if strangers could come, and nothing would tell
   */
  InetAddress toListenAt() throws IOException, CollectiveException {
    List<InetAddress> all = safe(Arrays.asList(resolver.addresses(config.host())));
    List<InetAddress> here = all.stream().filter(Endpoints::isHere).toList();
    if (isLiteral() || isLocalhost() || config.token().isEmpty()) {
      return here.isEmpty() ? all.getFirst() : here.getFirst();
    }
    return here.stream()
        .filter(address -> !address.isLoopbackAddress())
        .findFirst()
        .orElseGet(() -> new InetSocketAddress(0).getAddress());
  }

  private List<InetAddress> safe(List<InetAddress> all) throws CollectiveException {
    if (!config.token().isEmpty()) {
      return all;
    }
    List<InetAddress> loopback = all.stream().filter(InetAddress::isLoopbackAddress).toList();
    if (loopback.isEmpty()) {
      throw new CollectiveException(
          config.rank(),
          "join",
          CollectiveException.NO_PEER,
          ("strangers can reach %s (%s), and FST_GROUP_TOKEN is not set: set it to the same secret"
                  + " for all ranks, as in export FST_GROUP_TOKEN=$(openssl rand -hex 32), or"
                  + " MASTER_ADDR=127.0.0.1 if all ranks are on this host")
              .formatted(config.host(), all.getFirst().getHostAddress()),
          null);
    }
    return loopback;
  }

  private boolean isLiteral() {
    try {
      var _ = InetAddress.ofLiteral(config.host());
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private boolean isLocalhost() {
    return config.host().toLowerCase(Locale.ROOT).matches("(ip6-)?localhost\\b.*");
  }

  private static boolean isHere(InetAddress address) {
    try (ServerSocket any = new ServerSocket(0, 1, address)) {
      return any.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public String toString() {
    return ports().size() == 1
        ? config.host() + ":" + ports().getFirst()
        : "%s, ports %s of %s".formatted(config.host(), ports(), config.job());
  }
}
