#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# PyTorch takes a read-only NumPy array by DLPack without a word, and an in-place operation then changes the array.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check torch==2.15.0 numpy==2.3.5
cd "$work"
"$work/venv/bin/python" - <<'END'
import numpy, torch

print("torch", torch.__version__, "numpy", numpy.__version__)
array = numpy.arange(4, dtype=numpy.float32)
array.flags.writeable = False
torch.from_dlpack(array).add_(1)
print("the read-only array after torch's add_:", array)
assert array.tolist() == [1, 2, 3, 4] and not array.flags.writeable
END
