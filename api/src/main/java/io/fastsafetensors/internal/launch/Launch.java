// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.launch;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Which rank this process is, and where all meet.
 *
 * @param launcher what started the ranks
 * @param rank this process's rank, from 0
 * @param size how many ranks there are
 * @param localRank this process's number on its host, from 0
 * @param place where they meet
 */
public record Launch(String launcher, int rank, int size, int localRank, Place place) {
  static final String WORLD_SIZE = "WORLD_SIZE";

  private static final System.Logger LOG = System.getLogger(Launch.class.getName());

  /** Checks that the rank is one of as many. */
  public Launch {
    if (rank >= size) {
      throw new IllegalArgumentException(
          "rank " + rank + " in a group of " + size + ": ranks count from 0");
    }
  }

  /**
   * Reads what a launcher has set.
   *
   * @return the launch; empty if nothing tells that this process is one of several
   * @throws IllegalArgumentException if it is one of several and can't find out enough; it says in
   *     a sentence what is missing
   */
  public static Optional<Launch> find(Map<String, String> variables) {
    Optional<Launch> launch = find(new Environment(variables));
    LOG.log(
        System.Logger.Level.DEBUG,
        "{0}",
        launch.map(Launch::toString).orElse("no launcher is known: this process is no rank"));
    return launch;
  }

  private static Optional<Launch> find(Environment environment) {
    OptionalInt worldSize = environment.number(WORLD_SIZE);
    if (worldSize.equals(OptionalInt.of(1))) {
      return Optional.of(alone(Launcher.ofAlone(environment), environment));
    }
    Optional<Launcher> launcher = Launcher.of(environment);
    if (launcher.isEmpty()) {
      for (Launcher known : Launcher.values()) {
        Optional<IllegalArgumentException> incomplete = known.incomplete(environment);
        if (incomplete.isPresent()) {
          throw incomplete.get();
        }
      }
    }
    return launcher.map(found -> by(found, environment));
  }

  private static Launch alone(Launcher launcher, Environment environment) {
    return new Launch(
        launcher.startedBy(environment), 0, 1, localRank(environment).orElse(0), Place.NOWHERE);
  }

  private static Launch by(Launcher launcher, Environment environment) {
    int rank = launcher.rank(environment);
    int size = launcher.size(environment);
    OptionalInt worldSize = environment.number(WORLD_SIZE);
    if (worldSize.isPresent() && worldSize.getAsInt() != size) {
      throw new IllegalArgumentException(
          "%s is %s, but %s started %s ranks (%s)"
              .formatted(
                  WORLD_SIZE,
                  worldSize.getAsInt(),
                  launcher.title(),
                  size,
                  launcher.sizeName(environment)));
    }
    return size == 1
        ? alone(launcher, environment)
        : new Launch(
            launcher.startedBy(environment),
            rank,
            size,
            localRank(environment).orElse(launcher == Launcher.KUBERNETES ? 0 : rank),
            Place.of(launcher, environment, size));
  }

  private static OptionalInt localRank(Environment environment) {
    return Arrays.stream(Launcher.values())
        .map(launcher -> launcher.localRank(environment))
        .filter(OptionalInt::isPresent)
        .findFirst()
        .orElse(OptionalInt.empty());
  }

  /** Returns the names of all variables that are looked at, with the launcher that sets each. */
  public static Map<String, String> variables() {
    Map<String, String> variables = new LinkedHashMap<>();
    for (Launcher launcher : Launcher.values()) {
      launcher.variables().forEach(name -> variables.putIfAbsent(name, launcher.title()));
    }
    Place.variables().forEach(variables::putIfAbsent);
    return variables;
  }

  @Override
  public String toString() {
    return "%s: rank %s of %s, local rank %s, %s".formatted(launcher, rank, size, localRank, place);
  }
}
