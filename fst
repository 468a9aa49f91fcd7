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
case " $* " in
  *" demo "* | *" launch "*) find_mpj ;; # The only subcommands that make processes of ranks.
esac
cache=()
[[ ! -r $dist/fst.aot ]] || cache=("-XX:AOTCache=$dist/fst.aot")
run_dist "${cache[@]}" -- "$@"
