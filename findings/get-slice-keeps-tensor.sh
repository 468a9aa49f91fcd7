#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A slice that safetensors gives to PyTorch is a view: it keeps the file mapped after its close, and is saved with the whole tensor.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check safetensors==0.8.0 torch==2.15.0 numpy==2.3.5
cd "$work"
"$work/venv/bin/python" - <<'END'
import importlib.metadata, os
import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

print(*(f"{n} {importlib.metadata.version(n)}" for n in ("safetensors", "torch", "numpy")))
save_file({"w": np.ones((2048, 2048), dtype=np.float32)}, "w.safetensors")
seen = {}
for framework in ("pt", "np"):
    with safe_open("w.safetensors", framework=framework) as f:
        part = f.get_slice("w")[:, 64:128]
    with open("/proc/self/maps") as maps:
        mapped = "w.safetensors" in maps.read()
    if framework == "pt":
        held = part.untyped_storage().nbytes()
        torch.save(part, "part.pt")
        saved = os.path.getsize("part.pt")
    else:
        held = part.nbytes if part.base is None else part.base.nbytes
        np.save("part.npy", part)
        saved = os.path.getsize("part.npy")
    print(f"{framework}: a part of {part.nbytes} bytes holds {held}; the closed file is mapped: {mapped}; "
          f"saved it takes {saved} bytes")
    seen[framework] = (held // part.nbytes, mapped, saved // part.nbytes)
    del part
# Times the size of the part that is held, mapped after the close, times the size that is saved.
assert seen == {"pt": (32, True, 32), "np": (1, False, 1)}, seen
END
