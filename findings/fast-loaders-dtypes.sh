#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Which of the format's dtypes the two fastest Python loaders take: one tensor of another makes the file unreadable.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check fastsafetensors==0.5.0 runai-model-streamer==0.17.1 torch==2.15.0 numpy==2.3.5
cd "$work"
"$work/venv/bin/python" - <<'END'
import importlib.metadata, json, struct, warnings
warnings.simplefilter("ignore")
from fastsafetensors import fastsafe_open
from runai_model_streamer import SafetensorsStreamer

print(*(f"{n} {importlib.metadata.version(n)}" for n in ("fastsafetensors", "runai-model-streamer", "torch")))
BITS = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8,
        "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32,
        "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64}

def write(dtype):
    size = BITS[dtype] // 2  # four elements
    header = json.dumps({"t": {"dtype": dtype, "shape": [4], "data_offsets": [0, size]}}).encode()
    header += b" " * (-len(header) % 8)
    open("t.safetensors", "wb").write(struct.pack("<Q", len(header)) + header + bytes(size))

def fastsafetensors():
    with fastsafe_open("t.safetensors", device="cpu", nogds=True) as f:
        return f.get_tensor("t").dtype

def streamer():
    with SafetensorsStreamer() as s:
        s.stream_file("t.safetensors")
        return [t.dtype for _, t in s.get_tensors()][0]

refused = {"fastsafetensors": [], "runai-model-streamer": []}
for dtype in BITS:
    write(dtype)
    for name, load in (("fastsafetensors", fastsafetensors), ("runai-model-streamer", streamer)):
        try:
            load()
        except Exception as e:
            refused[name].append(dtype)
            print(f"{name}: {dtype}: {type(e).__name__}: {e}")
print("refused:", refused)
assert refused == {
    "fastsafetensors": ["F6_E2M3", "F6_E3M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "C64"],
    "runai-model-streamer": ["F6_E2M3", "F6_E3M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ"],
}, refused
END
