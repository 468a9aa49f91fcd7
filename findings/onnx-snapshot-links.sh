#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A model's external data may lie in a .safetensors file, by offset. But not behind a symbolic link, which is how
# a Hugging Face cache lays out every snapshot: ONNX and ONNX Runtime both refuse it. ONNX refuses a hard link, too.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check onnx==1.23.2 onnxruntime==1.32.0 safetensors==0.8.0 numpy==2.3.5
cd "$work"
"$work/venv/bin/python" - <<'END'
import os, shutil, struct
import numpy, onnx, onnxruntime
from onnx import TensorProto, helper
from safetensors.numpy import save_file

print("onnx", onnx.__version__, "onnxruntime", onnxruntime.__version__)
for folder in ("blobs", "snapshot", "linked", "plain"):
    os.mkdir(folder)
save_file({"w": numpy.arange(12, dtype=numpy.float32).reshape(3, 4)}, "blobs/weights")
os.symlink("../blobs/weights", "snapshot/weights.safetensors")
os.link("blobs/weights", "linked/weights.safetensors")
shutil.copy("blobs/weights", "plain/weights.safetensors")
offset = 8 + struct.unpack("<Q", open("blobs/weights", "rb").read(8))[0]

w = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3, 4], data_location=TensorProto.EXTERNAL)
for key, value in (("location", "weights.safetensors"), ("offset", offset), ("length", 48)):
    w.external_data.add(key=key, value=str(value))
graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g",
                          [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3])],
                          [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])], [w])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()

def attempt(what):
    try:
        return f"read: {what()}"
    except Exception as e:
        return f"refused: {type(e).__name__}: {str(e).splitlines()[0][:150]}"

seen = {}
for folder in ("plain", "linked", "snapshot"):
    path = folder + "/m.onnx"
    open(path, "wb").write(model)
    seen[folder, "onnx"] = attempt(lambda: len(onnx.load(path).graph.initializer[0].raw_data))
    seen[folder, "onnxruntime"] = attempt(
        lambda: onnxruntime.InferenceSession(path).run(None, {"x": numpy.ones((1, 3), numpy.float32)})[0])
for key, value in seen.items():
    print(*key, "->", value)
read = {key for key, value in seen.items() if value.startswith("read")}
assert read == {("plain", "onnx"), ("plain", "onnxruntime"), ("linked", "onnxruntime")}, read
END
