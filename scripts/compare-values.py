# SPDX-License-Identifier: Apache-2.0
"""Compares what DumpValues wrote of a file with what numpy reads in it.

usage: compare-values.py FILE FOLDER
"""
import json
import os
import struct
import sys

import numpy

try:
    import torch
    from torch._tensor_str import _tensor_str
except ImportError:
    torch = None

KINDS = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4", "U64": "<u8",
    "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8",
}

with open(sys.argv[1], "rb") as file:
    length = struct.unpack("<Q", file.read(8))[0]
    header = json.loads(file.read(length))
data = numpy.memmap(sys.argv[1], "u1", "r", 8 + length)
names = open(sys.argv[2] + "/names", encoding="utf-8").read().splitlines()
wrong = [f"{len(names)} tensors, not {len(header)}"] if len(names) != len(set(header) - {"__metadata__"}) else []
elements = texts = 0
for number, name in enumerate(names):
    entry = header[name]
    begin, end = entry["data_offsets"]
    wanted = numpy.frombuffer(data[begin:end].tobytes(), KINDS[entry["dtype"]]).reshape(entry["shape"])
    got = numpy.fromfile(f"{sys.argv[2]}/{number}.f64", "<f8")
    if not numpy.array_equal(got, wanted.astype("<f8").reshape(-1), equal_nan=True):
        wrong.append(f"{name}: values differ")
    elements += got.size
    if torch:
        text = "tensor(" + _tensor_str(torch.from_numpy(wanted.copy()), 7) + f", name='{name}', "
        if not open(f"{sys.argv[2]}/{number}.txt", encoding="utf-8").read().startswith(text):
            wrong.append(f"{name}: text differs")
        texts += 1
print(f"{os.path.basename(sys.argv[1])}: {len(names)} tensors, {elements} values compared with numpy, "
      f"{texts} texts with torch, {len(wrong)} differ")
print(*wrong[:20], sep="\n", end="\n" if wrong else "")
sys.exit(bool(wrong))
