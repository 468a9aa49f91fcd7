// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.Transport;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** The ranks of a save, in steps that all take or none; a rank alone exchanges nothing. */
final class SaveRanks {
  private final Transport group;
  private final Duration patience;
  private boolean isOver;

  SaveRanks(Transport group, SaveOptions options) {
    this.group = group;
    this.patience = LoadCall.patience(options.timeout(), group);
  }

  /** A rank's part of a step. */
  interface Step<T> {
    T run() throws IOException;
  }

  int rank() {
    return group.rank();
  }

  int size() {
    return group.size();
  }

  private boolean isAlone() {
    return group.size() == 1;
  }

  boolean isFirst() {
    return group.rank() == 0;
  }

  /**
   * Checks that all ranks save in the same way.
   *
   * @param call what has to be the same, one a line
   */
  void agreeOn(Stream<String> call) throws LoadException {
    if (!isAlone()) {
      Agreement.agreeOn(group, call);
    }
  }

  /**
   * Has every rank do something and tell of it.
   *
   * @param operation the step's name, for messages
   * @return what every rank told, by rank
   * @throws IOException this rank's own failure, or one that names the rank that failed
   */
  List<byte[]> tell(String operation, Step<byte[]> step) throws IOException {
    if (isAlone()) {
      return List.of(step.run());
    }
    try {
      return Agreement.gather(group, operation, patience, () -> loading(step));
    } catch (Throwable e) {
      isOver = true; // the others know
      throw e;
    }
  }

  private static <T> T loading(Step<T> step) throws LoadException {
    try {
      return step.run();
    } catch (LoadException e) {
      throw e;
    } catch (IOException e) {
      throw new LoadException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Gives up: the other ranks, which go on, hear of it. */
  void giveUp(String why) {
    if (!isAlone() && !isOver) {
      isOver = true;
      Agreement.tellFailure(group, "save", patience, new IOException(why));
    }
  }
}
