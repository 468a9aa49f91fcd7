#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A 4-bit tensor that safetensors wrote for PyTorch can be loaded, but no slice of it can be read.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check safetensors==0.8.0 torch==2.15.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'END'
import importlib.metadata
import safetensors
import safetensors.torch
import torch

print(*(f"{n} {importlib.metadata.version(n)}" for n in ("safetensors", "torch")))
pairs = torch.arange(6, dtype=torch.uint8).reshape(3, 2).view(torch.float4_e2m1fn_x2)
safetensors.torch.save_file({"t": pairs}, "t.safetensors")
loaded = safetensors.torch.load_file("t.safetensors")["t"]
print("loaded:", tuple(loaded.shape), loaded.dtype)
assert torch.equal(loaded.view(torch.uint8), pairs.view(torch.uint8))
with safetensors.safe_open("t.safetensors", "pt") as file:
    part = file.get_slice("t")
    print("slice of:", part.get_shape(), part.get_dtype())
    assert part.get_shape() == [3, 4]
    for wanted in (slice(None), slice(1, 2)):
        try:
            raise SystemExit(f"a slice: {part[wanted]}")
        except RuntimeError as e:
            print(f"{wanted}: RuntimeError: {e}")
            assert "is invalid for input of size 6" in str(e)
END
