// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.launch;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * Where ranks meet.
 *
 * @param host where rank 0 listens: a name or an address
 * @param port the port; 0 if it follows from the job
 * @param job what tells this group from others; empty if the port does
 */
public record Place(String host, int port, String job) {
  private static final String LOOPBACK = "127.0.0.1";

  /** Where a group of one meets nobody. */
  static final Place NOWHERE = new Place(LOOPBACK, 0, "alone");

  private static final String ADDRESS = "MASTER_ADDR";
  private static final String PORT = "MASTER_PORT";
  private static final String AGENT_STORE = "TORCHELASTIC_USE_AGENT_STORE";
  private static final String AGENT_JOB = "TORCHELASTIC_RUN_ID";
  private static final String AGENT_RESTARTS = "TORCHELASTIC_RESTART_COUNT";
  private static final List<String> NODES =
      List.of("SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST");

  /** Returns the names of the variables that are looked at, with the launcher that sets each. */
  static Map<String, String> variables() {
    Map<String, String> variables = new LinkedHashMap<>();
    Stream.of(ADDRESS, PORT, AGENT_STORE, AGENT_JOB, AGENT_RESTARTS)
        .forEach(name -> variables.put(name, Launcher.TORCHRUN.title()));
    NODES.forEach(name -> variables.put(name, Launcher.SRUN.title()));
    return variables;
  }

  /** Returns where a launcher's ranks meet; throws if it doesn't say enough. */
  static Place of(Launcher launcher, Environment environment, int size) {
    boolean isOneHost = launcher.isOneHost(environment, size);
    boolean agentHasPort = launcher == Launcher.TORCHRUN && agentHasPort(environment);
    String host =
        host(launcher, environment, isOneHost, agentHasPort)
            .orElseThrow(() ->
                launcher.missing(
                    environment,
                    ADDRESS,
                    "the host of rank 0, and " + PORT + " to a free port of it"));
    OptionalInt port = agentHasPort ? OptionalInt.empty() : environment.number(PORT);
    if (port.isPresent()) {
      return new Place(host, port.getAsInt(), "");
    }
    String job =
        (agentHasPort
                ? Optional.of(agentsJob(environment, isOneHost))
                : job(launcher, environment, isOneHost))
            .orElseThrow(
                () -> launcher.missing(environment, PORT, "a free port of the host of rank 0"));
    return new Place(host, 0, job);
  }

  /**
   * Tells whether torchrun's agent listens at {@code MASTER_PORT} itself, under whichever
   * rendezvous it has.
   */
  private static boolean agentHasPort(Environment environment) {
    return environment.text(AGENT_STORE).filter("True"::equals).isPresent()
        && !environment.has("FST_LAUNCHER_PID");
  }

  /**
   * Ranks of one host need no name that resolves, and nobody else can reach them on the loopback
   * interface. Where there is a token, an address that was given is kept.
   */
  private static Optional<String> host(
      Launcher launcher, Environment environment, boolean isOneHost, boolean agentHasPort) {
    Optional<String> given = environment.text(ADDRESS);
    boolean isKept = given.isPresent() && environment.has("FST_GROUP_TOKEN") && !agentHasPort;
    if (isOneHost && !isKept) {
      return Optional.of(LOOPBACK);
    }
    return launcher == Launcher.SRUN ? given.or(() -> firstNode(environment)) : given;
  }

  private static Optional<String> firstNode(Environment environment) {
    return NODES.stream()
        .flatMap(name -> environment.text(name).stream())
        .findFirst()
        .map(Place::firstHost);
  }

  /** Returns the first host of a list such as {@code rack[1-2]n[01-16,20],gpu5}. */
  static String firstHost(String nodeList) {
    String ranges = nodeList.replaceAll("\\[([^\\]\\-,]+)[^\\]]*\\]", "$1");
    return ranges.split(",", 2)[0];
  }

  /**
   * The agent's port tells jobs on a host apart, and the count of restarts what an earlier attempt
   * may have left. Agents of several hosts don't agree on that count: only that of the rank that
   * failed counts.
   */
  private static String agentsJob(Environment environment, boolean isOneHost) {
    String attempt = isOneHost ? environment.text(AGENT_RESTARTS).orElse("0") : "any";
    return "torchrun %s, agent at port %s, attempt %s"
        .formatted(
            environment.text(AGENT_JOB).orElse("none"),
            environment.text(PORT).orElse("unknown"),
            attempt);
  }

  private static Optional<String> job(
      Launcher launcher, Environment environment, boolean isOneHost) {
    return switch (launcher) {
      case KUBERNETES -> environment.text(ADDRESS).map(address -> "Kubernetes " + address);
      case MPICH ->
          isOneHost
              ? Ancestors.launcher(launcher.rankName()).map(starter -> "MPICH " + starter)
              : Optional.empty();
      default -> launcher.job(environment);
    };
  }

  @Override
  public String toString() {
    return port > 0 ? "at " + host + ":" + port : "at " + host + " at a port of " + job;
  }
}
