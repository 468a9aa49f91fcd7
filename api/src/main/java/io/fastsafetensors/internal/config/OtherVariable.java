// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.config;

import io.fastsafetensors.Configuration;
import io.fastsafetensors.internal.launch.Launch;
import java.util.List;
import java.util.stream.Stream;

/**
 * An environment variable that is no setting: of scripts, of launchers, of tests.
 *
 * @param name the name, or several
 * @param description what it says
 * @param reader who reads it
 */
public record OtherVariable(String name, String description, String reader)
    implements Configuration.Variable {
  private static final List<OtherVariable> OURS =
      List.of(
          new OtherVariable(
              "FST_JAVA_OPTS",
              "More options for the JVM of the command, such as -Xmx4g.",
              "the script fst"),
          new OtherVariable(
              "FST_LAUNCHER_PID",
              "The process of fst launch, which sets it: a rank ends when that is gone.",
              "fst"),
          new OtherVariable(
              "FST_TESTKIT_*",
              "As the system properties fst.testkit.*: FOLDER, PATIENCE_MS, QUIET_MS, LARGE.",
              "testkit"),
          new OtherVariable(
              "CUDA_HOME, CUDA_PATH, CONDA_PREFIX, VIRTUAL_ENV, HOME",
              "Where toolkits and Python wheels may have libcufile.",
              "backend gds"),
          new OtherVariable(
              "CUDA_VISIBLE_DEVICES, NCCL_MULTI_RANK_GPU_ENABLE",
              "Whether ranks of a host see all its GPUs, and may share one.",
              "collective nccl"),
          new OtherVariable("FST_SIM_*", "What the simulated libraries of tests show.", "tests"),
          new OtherVariable(
              "FST_CUDA_DRIVER", "With the value real, tests use NVIDIA's driver.", "tests"));

  static List<Configuration.Variable> all() {
    Stream<Configuration.Variable> launchers =
        Launch.variables().entrySet().stream()
            .map(variable ->
                new OtherVariable(
                    variable.getKey(),
                    "Which rank this is, or where all meet; set by " + variable.getValue() + ".",
                    "api"));
    return Stream.concat(OURS.stream(), launchers).toList();
  }

  /** Tells whether a variable whose name begins as ours do is one of these. */
  static boolean isKnown(String variable) {
    return OURS.stream()
        .map(OtherVariable::name)
        .anyMatch(known ->
            known.endsWith("*")
                ? variable.startsWith(known.substring(0, known.length() - 1))
                : variable.equals(known));
  }
}
