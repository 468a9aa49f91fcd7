#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An initializer whose data lie in a file is replaced by add_initializer: ONNX Runtime still wants that file, and does
# not read it. Replaced by add_external_initializers, which copies, no file is needed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'END'
import importlib.metadata
import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper

print(*(f"{n} {importlib.metadata.version(n)}" for n in ("onnx", "onnxruntime")))
outside = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
for key, value in {"location": "weights.bin", "offset": "0", "length": "16"}.items():
    outside.external_data.add(key=key, value=value)
x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in "xy")
graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "sum", [x], [y], [outside])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
open("model.onnx", "wb").write(model.SerializeToString())
ones = numpy.ones(4, numpy.float32)
given = onnxruntime.OrtValue.ortvalue_from_numpy(ones)

def run(way):
    options = onnxruntime.SessionOptions()
    if way == "add_initializer":
        options.add_initializer("w", given)
    else:
        options.add_external_initializers(["w"], [given])
    try:
        session = onnxruntime.InferenceSession("model.onnx", options, providers=["CPUExecutionProvider"])
        answer = session.run(None, {"x": ones})[0].tolist()
    except Exception as e:
        answer = type(e).__name__
        print(e)
    print(f"{way}: {answer}")
    return answer

assert run("add_initializer") == "Fail"
assert run("add_external_initializers") == [2, 2, 2, 2]
open("weights.bin", "wb").write(bytes(16))
print("with a file of zeros:")
assert run("add_initializer") == [2, 2, 2, 2]
END
