#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The safetensors file of silero-vad has other weights than the ONNX file of the same package.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check numpy==2.3.5 onnx==1.23.2 safetensors==0.8.0
"$work/venv/bin/pip" install -q --disable-pip-version-check --no-deps silero-vad==6.2.3
cd "$work"
"$work/venv/bin/python" - <<'END'
import importlib.metadata, onnx, onnx.numpy_helper, safetensors.numpy

package = importlib.metadata.distribution("silero-vad")
folder = package.locate_file("silero_vad/data")
print("silero-vad", package.version)
stored = safetensors.numpy.load_file(folder / "silero_vad_16k.safetensors")
model = onnx.load(folder / "silero_vad_16k_op15.onnx")
other = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
names = {
    "stft_conv.weight": "model.stft.forward_basis_buffer",
    "conv1.weight": "model.encoder.0.reparam_conv.weight",
    "conv4.weight": "model.encoder.3.reparam_conv.weight",
    "lstm_cell.weight_hh": "model.decoder.rnn.weight_hh",
    "final_conv.bias": "model.decoder.decoder.2.bias",
}
differences = {a: float(abs(stored[a] - other[b]).max()) for a, b in names.items()}
print("greatest differences:", differences)
assert differences.pop("stft_conv.weight") == 0 and min(differences.values()) > 0.01
END
