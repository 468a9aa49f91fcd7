# SPDX-License-Identifier: Apache-2.0
# What tests need of the system. Sourced after lib.sh, with "root" set.

# Of PyPI, for tests in one process with Python.
python_packages=(JPype1==1.7.1 safetensors==0.8.0 numpy==2.4.6)

has_tool() {
  PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null
}

has_chromium() {
  has_tool chromium || has_tool chromium-browser || has_tool google-chrome
}

has_fuse() {
  "$1" -c "import fuse" >/dev/null 2>&1 || "$1" -c "import fusepy" >/dev/null 2>&1 # Debian's name
}

has_python_packages() {
  "$1" -c "import jpype, numpy, safetensors" >/dev/null 2>&1
}

# The Python that knows Debian's packages.
system_python() {
  if [[ -x /usr/bin/python3 ]]; then echo /usr/bin/python3; else echo python3; fi
}

# Makes it available where that takes no question: packages of Debian and of PyPI.
find_test_tools() {
  local missing=() tool
  for tool in gcc:gcc nm:binutils mkfs.xfs:xfsprogs mkfs.ext4:e2fsprogs ip:iproute2 git:git zip:zip; do
    has_tool "${tool%%:*}" || missing+=("${tool#*:}")
  done
  [[ -r /usr/include/stdio.h ]] || missing+=(libc6-dev)
  has_fuse python3 || has_fuse "$(system_python)" || missing+=(python3-fusepy)
  has_python_packages python3 || "$(system_python)" -c "import ensurepip" >/dev/null 2>&1 || missing+=(python3-venv)
  ((${#missing[@]} == 0)) || install_package "${missing[@]}"
  has_chromium || install_package chromium # apart: not every distribution has it by this name
  find_test_python
}

# A Python of our own that knows the system's packages, and those of PyPI: one that comes before the
# system's on PATH may know neither.
find_test_python() {
  has_fuse python3 && has_python_packages python3 && return
  local venv=$root/target/python
  if ! has_python_packages "$venv/bin/python3"; then
    "$(system_python)" -m venv --system-site-packages "$venv" >/dev/null 2>&1 \
      && timeout 300 "$venv/bin/python3" -m pip install -q --disable-pip-version-check --retries 1 \
        "${python_packages[@]}" >/dev/null 2>&1 || true
  fi
  [[ ! -x $venv/bin/python3 ]] || export PATH=$venv/bin:$PATH
}

# A line for each thing that is missing all the same: its name, as --without takes it, and what it is.
missing_test_tools() {
  [[ $(id -u) == 0 ]] || echo "root isn't the user"
  has_tool gcc && [[ -r /usr/include/stdio.h ]] || echo "gcc is missing (gcc, libc6-dev)"
  has_mpj || echo "mpj is missing: MPJ Express (libmpj-java, or MPJ_HOME)"
  has_fuse python3 || echo "fuse is missing for Python (python3-fusepy)"
  has_tool mkfs.xfs && has_tool mkfs.ext4 || echo "xfs is missing: file systems (xfsprogs, e2fsprogs)"
  has_chromium || echo "chromium is missing"
  has_python_packages python3 || echo "jpype is missing for Python, or numpy or safetensors (PyPI)"
  has_models || echo "models is missing: files of PyPI"
}
