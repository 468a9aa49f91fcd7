# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts, and by the start script of the distribution. Sourced, with "root" set to the
# repository's folder, or to that of the distribution.

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 2
}

# The feature version of the Java in folder $1 that has the program $2; nothing if there is none.
java_version() {
  [[ -n $1 && -x $1/bin/java && -x $1/bin/$2 ]] || return 0
  if [[ -r $1/release ]]; then
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
  else
    "$1/bin/java" -version 2>&1 | sed -n '1s/.* version "\([0-9]*\).*/\1/p'
  fi
}

# Folders that may be a Java which has the program $1, the one that was asked for first.
java_homes() {
  local on_path
  on_path=$(command -v "$1" || true)
  printf '%s\n' "${JAVA_HOME:-}" /usr/lib/jvm/* \
    "${on_path:+$(dirname "$(dirname "$(readlink -f "$on_path")")")}"
}

# Exports JAVA_HOME as a JDK 25, to build with: the one it names, else an installed one, else the
# one on PATH.
find_jdk() {
  local home
  while read -r home; do
    if [[ $(java_version "$home" javac) == 25 ]]; then
      export JAVA_HOME=$home
      return
    fi
  done < <(java_homes javac)
  fail "no JDK 25 found: install one (https://adoptium.net) and set JAVA_HOME to its folder"
}

# Exports JAVA_HOME as a Java 25 or later, to run with; a runtime without a compiler will do.
find_java() {
  local home version
  while read -r home; do
    version=$(java_version "$home" java)
    if ((${version:-0} >= 25)); then
      export JAVA_HOME=$home
      return
    fi
  done < <(java_homes java)
  fail "no Java 25 or later found: install one (https://adoptium.net) and set JAVA_HOME to its folder"
}

# Installs Debian's packages where that needs no question; what comes after sees whether it did.
install_package() {
  [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || return 0
  echo "$(basename "$0"): installing $* with apt-get" >&2
  local apt=(timeout 300 apt-get -q -o Acquire::Retries=1 -o Acquire::http::Timeout=20)
  { "${apt[@]}" update && DEBIAN_FRONTEND=noninteractive \
    "${apt[@]}" -y install --no-install-recommends "$@"; } </dev/null >/dev/null 2>&1 || true
  hash -r
}

# Makes "mvn" available; installs it where that needs no question.
find_maven() {
  command -v mvn >/dev/null && return
  install_package maven
  command -v mvn >/dev/null || fail "no Maven found: install Maven 3.8 or later so that mvn is on PATH"
}

has_mpj() {
  [[ -r ${MPJ_HOME:-/nowhere}/lib/mpj.jar || -r /usr/share/java/mpj.jar ]]
}

# Makes MPJ Express available, for ranks that are processes; installs it where that needs no
# question, once if ranks are started together.
find_mpj() {
  has_mpj || (
    flock 9
    has_mpj || install_package libmpj-java 9<&-
  ) 9<"$root/fst"
  ! has_mpj || return 0
  echo "$(basename "$0"): no MPJ Express: install libmpj-java or set MPJ_HOME;" \
    "without it ranks are threads of one process only" >&2
}

# Maven in the repository's folder. C2 and a concurrent collector would cost a build more than they
# gain. Maven's own libraries still use sun.misc.Unsafe, and it ends with a colour reset even when told
# to use no colour, which would stick to the next line.
maven() {
  local options="-XX:TieredStopAtLevel=1 --sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}"
  [[ $options == *GC* ]] || options+=" -XX:+UseSerialGC" # a second choice would be an error
  (cd "$root" && MAVEN_OPTS=$options \
    mvn -B -ntp -Dstyle.color=never "$@" </dev/null 2>&1 | sed -u $'s/\e\\[[0-9;]*m//g')
}

# --- the command's distribution: jars, AOT cache and a stamp that tells what they were built from ---

dist=$root/cli/target/dist
build_log=$root/cli/target/fst-build.log

# Modules that may call native code, comma-separated: nobody else may.
native_modules=io.fastsafetensors,io.fastsafetensors.backend.posix,io.fastsafetensors.backend.gds,io.fastsafetensors.device.cuda,jcuda,org.bytedeco.javacpp,org.bytedeco.cuda

# Built with this JDK, and nothing it was built from is newer. Folders count too: their time
# changes when a file in them is deleted.
dist_is_current() {
  [[ -r $dist/stamp && $(<"$dist/stamp") == "$JAVA_HOME" ]] || return 1
  local sources=("$root/pom.xml" "$root/.mvn") module newer
  for module in "$root"/*/pom.xml; do
    module=${module%/pom.xml}
    case ${module##*/} in
      integration-tests | benchmarks | interop-dlpack | examples) continue ;; # not in the distribution
    esac
    sources+=("$module/pom.xml")
    [[ ! -d $module/src/main ]] || sources+=("$module/src/main")
  done
  newer=$(find "${sources[@]}" -newer "$dist/stamp" -print -quit) && [[ -z $newer ]]
}

# Output is checked before the first file is opened: one opened later would take the number of a
# closed stream, and what the command prints.
check_streams() {
  [[ -e /dev/fd/2 ]] || exec 2>/dev/null
  [[ -e /dev/fd/1 ]] || fail "can't write the output: stdout is closed"
}

# Makes file names UTF-8 where no locale says what they are: in a container that has none, or not
# the one that its variables name, the JVM would take ASCII. Messages of the system are in English.
set_locale() {
  local codeset names=${LC_ALL:-${LC_CTYPE:-${LANG:-C}}}
  codeset=$(locale charmap 2>/dev/null) || codeset=
  case $codeset in
    "" | ANSI_X3.4-1968) names=C.UTF-8 ;;
  esac
  unset LC_ALL
  export LC_CTYPE=$names LC_MESSAGES=C
}

# Calls the command's java: $1... are JVM options up to "--", then the command's arguments.
# Warnings of the JVM go to stderr, because stdout belongs to the command; an AOT cache that does
# not fit (another garbage collector, say) is no reason for any.
run_dist() {
  local options=()
  while [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  shift
  [[ -z $native_modules ]] || options+=("--enable-native-access=$native_modules")
  set_locale
  # shellcheck disable=SC2206 # FST_JAVA_OPTS is a list of words
  options+=(${FST_JAVA_OPTS:-})
  exec "$JAVA_HOME/bin/java" -Xlog:disable "-Xlog:all=warning,aot*=off,cds*=off:stderr" \
    --module-path "$dist/lib" "${options[@]}" -m io.fastsafetensors.cli/io.fastsafetensors.cli.Main "$@"
}

# An AOT cache (JEP 514) of a short load, as file $1, whose folder gets a sample meanwhile. Without it
# the command only starts slower.
train_dist() {
  local sample=$1.sample
  (
    unset FST_JAVA_OPTS
    (run_dist -- make "$sample" --bytes 1MiB --tensors 8 --shards 1)
    run_dist "-XX:AOTCacheOutput=$1" -- load "$sample" --json
  ) || rm -f "$1"
  rm -rf "$sample"
}

# The stamp is as old as the start of the build: what is edited meanwhile counts as newer.
build_dist() {
  # Options meant for the command, such as a small heap, must not reach its build.
  unset JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS
  rm -rf "$dist"
  mkdir -p "$dist"
  echo "$JAVA_HOME" >"$dist/stamp.new"
  maven package -pl cli -am -Dmaven.test.skip=true -Djacoco.skip=true || return
  train_dist "$dist/fst.aot"
  mv "$dist/stamp.new" "$dist/stamp"
}

# Builds under a lock, so that commands started together build once. The lock is on a file that
# no build deletes.
ensure_dist() {
  dist_is_current && return
  (
    flock 9 || fail "cannot lock $root/fst"
    dist_is_current && exit
    echo "fst: building (log: $build_log)" >&2
    mkdir -p "$(dirname "$build_log")"
    find_maven
    if ! (build_dist) >"$build_log" 2>&1 9<&-; then
      sed -En '/-> \[Help/q; /^\[(ERROR|WARNING)\]/p' "$build_log" >&2
      fail "the build failed, see $build_log"
    fi
  ) 9<"$root/fst"
}
