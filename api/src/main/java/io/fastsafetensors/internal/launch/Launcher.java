// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.launch;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A launcher, by the variables that it sets; the order is the order in which they count. What one
 * launcher starts may start ranks by another, so that the variables of both are there: the batch
 * system is the outer one.
 */
enum Launcher {
  /** PyTorch's, {@code fst launch}, and what others set by hand. */
  TORCHRUN("torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"),
  /** Open MPI's {@code mpiexec}. */
  OPEN_MPI(
      "Open MPI",
      "OMPI_COMM_WORLD_RANK",
      "OMPI_COMM_WORLD_SIZE",
      "OMPI_COMM_WORLD_LOCAL_RANK",
      "OMPI_COMM_WORLD_LOCAL_SIZE",
      "PMIX_NAMESPACE",
      "OMPI_MCA_orte_hnp_uri"),
  /** MPICH's {@code mpiexec} (Hydra) and its relatives, which give a job no name. */
  MPICH("MPICH", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"),
  /** SLURM's. A batch script is no task of a step, and has no size. */
  SRUN(
      "srun",
      "SLURM_PROCID",
      "SLURM_STEP_NUM_TASKS",
      "SLURM_LOCALID",
      "SLURM_STEP_TASKS_PER_NODE",
      "SLURM_JOB_ID",
      "SLURM_STEP_ID"),
  /** Starters that speak PMIx and say no more, such as PRRTE's. */
  PMIX("PMIx", "PMIX_RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "PMIX_NAMESPACE"),
  /** An indexed job: its pods learn their number and not how many they are. */
  KUBERNETES("Kubernetes", "JOB_COMPLETION_INDEX", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE");

  private static final String TASKS = "SLURM_NTASKS";
  private static final List<String> NODE_COUNTS = List.of("SLURM_STEP_NUM_NODES", "SLURM_NNODES");

  private final String title;
  private final String rank;
  private final String size;
  private final String localRank;
  private final String localSize;

  @SuppressWarnings("ImmutableEnumChecker") // List.of makes no list that changes.
  private final List<String> job;

  Launcher(
      String title, String rank, String size, String localRank, String localSize, String... job) {
    this.title = title;
    this.rank = rank;
    this.size = size;
    this.localRank = localRank;
    this.localSize = localSize;
    this.job = List.of(job);
  }

  /** Returns the launcher that says of this process which rank of how many it is. */
  static Optional<Launcher> of(Environment environment) {
    return Arrays.stream(values())
        .filter(launcher -> launcher.isComplete(environment))
        .filter(launcher -> launcher != MPICH || !isPmiOfSrun(environment))
        .findFirst();
  }

  /** Returns the launcher of a process that is to work alone; one of its variables said so. */
  static Launcher ofAlone(Environment environment) {
    return of(environment).orElse(TORCHRUN);
  }

  /** Returns what started the ranks: torchrun's names are set by others, too, and by hand. */
  String startedBy(Environment environment) {
    if (this != TORCHRUN) {
      return title;
    }
    if (environment.has("FST_LAUNCHER_PID")) {
      return "fst launch";
    }
    return environment.has("TORCHELASTIC_RUN_ID") ? title : "environment variables";
  }

  private boolean isComplete(Environment environment) {
    return environment.has(rank) && environment.has(sizeName(environment));
  }

  /** Tells whether {@code srun --mpi=pmi2} set MPICH's names, and not a starter of MPICH's. */
  private static boolean isPmiOfSrun(Environment environment) {
    return !environment.has(MPICH.localRank) && SRUN.isComplete(environment);
  }

  /** Returns the names of the variables that are looked at. */
  Stream<String> variables() {
    Stream<String> extra =
        this == SRUN ? Stream.concat(Stream.of(TASKS), NODE_COUNTS.stream()) : Stream.of();
    return Stream.of(Stream.of(rank, size, localRank, localSize), job.stream(), extra)
        .flatMap(names -> names);
  }

  String title() {
    return title;
  }

  /** Returns the variable that numbers the ranks. */
  String rankName() {
    return rank;
  }

  /** Returns the variable that counts the ranks. */
  String sizeName(Environment environment) {
    boolean isStep = this == SRUN && !environment.has(size) && environment.has("SLURM_STEP_ID");
    return isStep ? TASKS : size;
  }

  /**
   * Returns what is missing if this launcher's variables are there in part: a process that is one
   * of several must never do the work of all in silence, as would each of the others.
   */
  Optional<IllegalArgumentException> incomplete(Environment environment) {
    String count = sizeName(environment);
    boolean hasRank = environment.has(rank) && (this != SRUN || environment.has("SLURM_STEP_ID"));
    if (hasRank == environment.has(count)) {
      return Optional.empty();
    }
    return Optional.of(
        hasRank
            ? missing(environment, count, "how many ranks there are")
            : missing(environment, rank, "this process's number, from 0"));
  }

  /** Returns what is to be thrown because a variable is not set. */
  IllegalArgumentException missing(Environment environment, String name, String meaning) {
    String seen =
        Stream.of(rank, sizeName(environment))
            .filter(environment::has)
            .map(set -> set + "=" + environment.text(set).orElseThrow())
            .collect(Collectors.joining(" and "));
    String where =
        this == KUBERNETES
            ? " (WORLD_SIZE: the job's completions, MASTER_ADDR: the name of its pod 0)"
            : "";
    return new IllegalArgumentException(
        ("%s: this process is one of several, but %s is not set: set it to %s%s, or start the ranks"
                + " with fst launch, or set WORLD_SIZE=1 to let each work alone")
            .formatted(seen, name, meaning, where));
  }

  int rank(Environment environment) {
    return environment.number(rank).orElseThrow();
  }

  int size(Environment environment) {
    return environment.number(sizeName(environment)).orElseThrow();
  }

  /** Returns this process's number on its host; of a launcher of one process it says nothing. */
  OptionalInt localRank(Environment environment) {
    boolean isOfSeveral = this == TORCHRUN || (isComplete(environment) && size(environment) > 1);
    return isOfSeveral ? environment.number(localRank) : OptionalInt.empty();
  }

  /** Tells whether all ranks are on this host; false if nothing tells. */
  boolean isOneHost(Environment environment, int ranks) {
    if (this == SRUN) {
      return NODE_COUNTS.stream()
          .flatMap(name -> environment.text(name).stream())
          .findFirst()
          .filter("1"::equals)
          .isPresent();
    }
    OptionalInt here = environment.number(localSize);
    return here.isPresent() && here.getAsInt() == ranks;
  }

  /** Returns what tells this job from all others that may run on the same hosts. */
  Optional<String> job(Environment environment) {
    String values =
        job.stream()
            .flatMap(name -> environment.text(name).stream())
            .collect(Collectors.joining("/"));
    return values.isEmpty() ? Optional.empty() : Optional.of(title + " " + values);
  }
}
