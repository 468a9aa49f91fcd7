#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# MLX has no 8-bit float: it reads F8_E4M3 and F8_E8M0 as uint8, saves them as U8, and refuses F8_E5M2.
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

def dtype_of(path):
    data = open(path, "rb").read()
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8:8 + length])["t"]["dtype"]

seen = {}
for before in ("F8_E4M3", "F8_E8M0", "F8_E5M2"):
    header = json.dumps({"t": {"dtype": before, "shape": [4], "data_offsets": [0, 4]}}).encode()
    open("in.safetensors", "wb").write(struct.pack("<Q", len(header)) + header + bytes([0, 56, 64, 72]))
    try:
        loaded = mx.load("in.safetensors")
        mx.save_safetensors("out.safetensors", loaded)
        seen[before] = f"{loaded['t'].dtype}, saved as {dtype_of('out.safetensors')}"
    except RuntimeError as e:
        seen[before] = f"refused: {e}"
    print(before, "->", seen[before])
assert seen["F8_E4M3"].endswith("saved as U8") and seen["F8_E8M0"].endswith("saved as U8")
assert seen["F8_E5M2"].startswith("refused")
END
