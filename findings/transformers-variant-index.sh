#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# transformers puts a variant before the number of a shard, and behind the word index in the name of the index.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check transformers==5.24.0 torch==2.15.0 numpy==2.3.5
cd "$work"
"$work/venv/bin/python" - <<'END'
import os
os.environ["HF_HUB_OFFLINE"] = "1"
import transformers

print("transformers", transformers.__version__)
model = transformers.BertModel(transformers.BertConfig(
    hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, vocab_size=100))
model.save_pretrained("m", variant="fp16", max_shard_size="40KB")
names = sorted(name for name in os.listdir("m") if "safetensors" in name)
print(*names, sep="\n")
assert names[-1] == "model.safetensors.index.fp16.json" and names[0].startswith("model.fp16-00001-of-0000"), names
END
