// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.toolkit.group.Rendezvous;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Which rank has which GPU: NCCL wants one each, and reports otherwise only in its log. */
final class DeviceAssignment {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
  private static final String SHARING = "NCCL_MULTI_RANK_GPU_ENABLE";
  private static final String VISIBLE = "CUDA_VISIBLE_DEVICES";
  private static final String LOCAL_RANKS = "LOCAL_WORLD_SIZE";

  private DeviceAssignment() {}

  /** Says what is wrong when this host has more ranks than GPUs, as far as launchers tell. */
  static Optional<String> tooFew(Device device) throws LoadException {
    int devices = Runtimes.of(device).devices().size();
    String ranks = Optional.ofNullable(System.getenv(LOCAL_RANKS)).orElse("").strip();
    // A launcher that shows each rank a GPU of its own leaves each with one: see check.
    boolean seesAll = System.getenv(VISIBLE) == null;
    return ranks.matches("[0-9]{1,9}")
            && Integer.parseInt(ranks) > devices
            && seesAll
            && !isShared()
        ? Optional.of(
            "%s ranks on this host (%s) and %s GPUs: start one rank a GPU"
                .formatted(ranks, LOCAL_RANKS, devices))
        : Optional.empty();
  }

  /**
   * Checks that no two ranks have the same GPU; all ranks call it.
   *
   * @throws CollectiveException if two have, on all ranks; it names them
   */
  static void check(Rendezvous rendezvous, DeviceContext context) throws CollectiveException {
    byte[] mine = identity(rendezvous, context).getBytes(StandardCharsets.UTF_8);
    List<String> all =
        rendezvous.exchange("join", mine, rendezvous.timeout()).stream()
            .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
            .toList();
    for (int rank = 0; rank < all.size() && !isShared(); rank++) {
      int first = all.indexOf(all.get(rank));
      if (first < rank) {
        // All ranks see it in the same messages: nobody needs to be told.
        throw new CollectiveException(
            rendezvous.rank(),
            "join",
            CollectiveException.NO_PEER,
            shared(first, rank, all.get(rank)),
            null);
      }
    }
  }

  private static String shared(int first, int second, String identity) {
    return "ranks %s and %s have the same GPU, %s: start one rank a GPU, each with its own LOCAL_RANK"
            .formatted(first, second, identity.substring(identity.lastIndexOf(' ') + 1))
        + " (NCCL 2.30 and later share one if "
        + SHARING
        + "=1)";
  }

  private static boolean isShared() {
    return "1".equals(System.getenv(SHARING));
  }

  /** Containers of one host may number its GPUs each in their own way: the bus tells. */
  private static String identity(Rendezvous rendezvous, DeviceContext context) {
    String bus = context.pciBus().orElseGet(() -> context.device() + "@" + rendezvous.rank());
    try {
      return Files.readString(BOOT_ID).strip() + " " + bus;
    } catch (IOException e) {
      return rendezvous.address() + " " + bus;
    }
  }
}
