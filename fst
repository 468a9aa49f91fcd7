#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the command fst from the sources: builds it when they changed, then starts it at once.
# FST_JAVA_OPTS holds more options for its JVM, such as "-Xmx4g"; plug-ins are added by --module-path.
set -euo pipefail
root=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$root/scripts/lib.sh"

check_streams
find_jdk
ensure_dist
# Ranks that are processes: made by these subcommands, or by a launcher that started this one.
ranks=" ${WORLD_SIZE:-} ${OMPI_COMM_WORLD_SIZE:-} ${PMI_SIZE:-} ${SLURM_STEP_NUM_TASKS:-} "
case " $* " in
  *" demo "* | *" launch "*) find_mpj ;;
  *) [[ ${ranks//[ ]1[ ]/ } != *[0-9]* ]] || find_mpj ;;
esac
cache=()
[[ ! -r $dist/fst.aot ]] || cache=("-XX:AOTCache=$dist/fst.aot")
run_dist "${cache[@]}" -- "$@"
