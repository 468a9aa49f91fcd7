#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# safetensors.numpy writes arrays of ml_dtypes' 8-bit floats, and can't read the file that it has written; bfloat16
# it writes and reads.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check safetensors==0.8.0 numpy==2.3.5 ml_dtypes==0.6.0
cd "$work"
"$work/venv/bin/python" - <<'END'
import importlib.metadata
import ml_dtypes, numpy
from safetensors.numpy import load_file, save_file

print(*(f"{name} {importlib.metadata.version(name)}" for name in ("safetensors", "numpy", "ml_dtypes")))
failed = []
for name in ("bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu"):
    save_file({"t": numpy.ones(4, dtype=getattr(ml_dtypes, name))}, "t.safetensors")
    try:
        print(name, "written, read as", load_file("t.safetensors")["t"].dtype)
    except AttributeError as e:
        failed.append(name)
        print(name, "written, not read:", e)
assert failed == ["float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu"], failed
END
