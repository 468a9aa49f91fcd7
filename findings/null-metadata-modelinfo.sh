#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# modelinfo fails on a header whose metadata is null, which the reference implementation reads; and it counts a
# scalar, which is one element, as no parameter.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check modelinfo-cli==1.4.4 safetensors==0.8.0 numpy==2.3.5
cd "$work"
"$work/venv/bin/python" - <<'END'
import importlib.metadata, json, os, struct, subprocess, sys
from safetensors.numpy import load_file

print(*(f"{n} {importlib.metadata.version(n)}" for n in ("modelinfo-cli", "safetensors")))

def write(path, metadata, shape):
    header = {"s": {"dtype": "F32", "shape": shape, "data_offsets": [0, 4]}, **metadata}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + struct.pack("<f", 1.0))
    print(path, "by the reference:", load_file(path))
    run = subprocess.run([os.path.join(os.path.dirname(sys.executable), "modelinfo"), path], capture_output=True, text=True)
    lines = (run.stdout + run.stderr).strip().splitlines()
    print("by modelinfo:", lines[-1])
    return lines[-1]

assert "AttributeError" in write("null.safetensors", {"__metadata__": None}, [1])
assert "0 params" in write("scalar.safetensors", {}, [])
END
