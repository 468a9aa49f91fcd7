#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# JAX asks NumPy for a DLPack capsule of the old kind, which can't say that memory is read-only, so NumPy refuses; and
# it copies, silently, memory that isn't aligned to 64 bytes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 numpy==2.3.5
cd "$work"
"$work/venv/bin/python" - <<'END'
import jax, numpy

print("jax", jax.__version__, "numpy", numpy.__version__)
memory = numpy.zeros(4096, dtype=numpy.uint8)
start = -memory.ctypes.data % 64
aligned = memory[start:start + 1024].view(numpy.float32)
shifted = memory[start + 4:start + 1028].view(numpy.float32)
shared = {}
for name, array in (("aligned to 64", aligned), ("4 bytes further", shifted)):
    shared[name] = jax.dlpack.from_dlpack(array).unsafe_buffer_pointer() == array.ctypes.data
    print(name, "-> same memory:", shared[name])
assert shared == {"aligned to 64": True, "4 bytes further": False}, shared
aligned.flags.writeable = False
try:
    jax.dlpack.from_dlpack(aligned)
    raise SystemExit("the read-only array was taken")
except BufferError as e:
    print("read-only:", e)
END
