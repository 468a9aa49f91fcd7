#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# MLX's save_safetensors doesn't order tensors by the size of their type, as the reference writer does, and
# doesn't pad the header: F32 data lies at addresses that are no multiple of 4.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check "mlx[cpu]==0.32.4"
cd "$work"
"$work/venv/bin/python" - <<'END'
import importlib.metadata, json, struct
import mlx.core as mx

print("mlx", importlib.metadata.version("mlx"))
mx.save_safetensors("m.safetensors", {
    "a": mx.array([1, 2, 3], dtype=mx.int8),
    "b": mx.ones((2, 2), dtype=mx.float32),
    "c": mx.ones((3,), dtype=mx.bfloat16),
    "d": mx.array(1.0),
}, {"k": "v"})
data = open("m.safetensors", "rb").read()
length = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + length])
starts = {name: 8 + length + entry["data_offsets"][0]
          for name, entry in header.items() if name != "__metadata__" and entry["dtype"] == "F32"}
print("header of", length, "bytes; F32 tensors start at bytes", starts)
print("remainders by 4:", {name: start % 4 for name, start in starts.items()})
assert any(start % 4 for start in starts.values()), "all F32 tensors are aligned"
END
