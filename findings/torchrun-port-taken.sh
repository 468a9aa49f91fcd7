#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# torchrun tells its ranks MASTER_ADDR and MASTER_PORT, and listens on that port itself, so that rank 0 can't.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check torch==2.15.0 numpy==2.3.5
cd "$work"
"$work/venv/bin/python" - <<'END'
import os, subprocess, sys

program = r'''
import os, socket
port = int(os.environ["MASTER_PORT"])
try:
    with socket.socket() as s:
        s.bind((os.environ["MASTER_ADDR"], port))
    found = "free"
except OSError as e:
    found = e.strerror
with open(f"rank{os.environ['RANK']}", "w") as answer:
    answer.write(f"MASTER_PORT is {found}; agent store {os.environ.get('TORCHELASTIC_USE_AGENT_STORE')}")
'''
open("rank.py", "w").write(program)
subprocess.run([sys.executable, "-c", "import torch; print('torch', torch.__version__)"], check=True)
for options in ([], ["--standalone"], ["--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0"]):
    subprocess.run([os.path.join(os.path.dirname(sys.executable), "torchrun"), *options, "--nproc-per-node=2", "rank.py"],
                   stderr=subprocess.DEVNULL, check=True, timeout=120)
    print("torchrun", *options)
    for rank in range(2):
        answer = open(f"rank{rank}").read()
        os.remove(f"rank{rank}")
        print(f"rank {rank}: {answer}")
        assert "in use" in answer and "store True" in answer
END
