#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# JAX names the two 6-bit float types among its own, and can't make an array of either.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 ml_dtypes==0.6.0 numpy==2.4.6
JAX_PLATFORMS=cpu "$work/venv/bin/python" - <<'END'
import importlib.metadata
import jax.numpy as jnp

print(*(f"{n} {importlib.metadata.version(n)}" for n in ("jax", "jaxlib", "ml_dtypes")))
made = {}
for name in ("float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn", "float8_e8m0fnu"):
    try:
        jnp.zeros(4, getattr(jnp, name))
        made[name] = True
    except Exception as e:
        made[name] = False
        print(f"{name}: {type(e).__name__}: {e}".splitlines()[0])
print(made)
assert made == {"float4_e2m1fn": True, "float6_e2m3fn": False, "float6_e3m2fn": False, "float8_e8m0fnu": True}, made
END
