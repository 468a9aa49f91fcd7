# SPDX-License-Identifier: Apache-2.0
"""Makes the files beside it: what torch prints, and the numbers that numpy has. Needs torch, numpy, ml_dtypes.

usage: expected.py FOLDER [RANDOM]     RANDOM more texts, of random numbers and shapes
"""
import random
import sys

import ml_dtypes
import numpy
import torch
from torch._tensor_str import _tensor_str

TORCH = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16, "U16": torch.uint16,
    "I32": torch.int32, "U32": torch.uint32, "I64": torch.int64, "U64": torch.uint64,
    "F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32, "F64": torch.float64,
    "F8_E5M2": torch.float8_e5m2, "F8_E4M3": torch.float8_e4m3fn, "F8_E8M0": torch.float8_e8m0fnu,
    "F8_E5M2FNUZ": torch.float8_e5m2fnuz, "F8_E4M3FNUZ": torch.float8_e4m3fnuz, "C64": torch.complex64,
}
NUMPY = {
    "BOOL": numpy.bool_, "U8": numpy.uint8, "I8": numpy.int8, "I16": "<i2", "U16": "<u2", "I32": "<i4",
    "U32": "<u4", "I64": "<i8", "U64": "<u8", "F16": "<f2", "F32": "<f4", "F64": "<f8",
    "BF16": ml_dtypes.bfloat16, "F8_E5M2": ml_dtypes.float8_e5m2, "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E8M0": ml_dtypes.float8_e8m0fnu, "F8_E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    "F8_E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
}
INTEGERS = ("BOOL", "U8", "I8", "I16", "U16", "I32", "U32", "I64", "U64")
NAN, INF = float("nan"), float("inf")


def pattern(count):
    """Bytes that are the same in the test, for tensors too large to be written out."""
    return bytes((i * 37 + i // 251) % 256 for i in range(count))


def tensor(dtype, shape, data):
    if not data:
        return torch.empty(shape, dtype=TORCH[dtype])
    return torch.frombuffer(bytearray(data), dtype=torch.uint8).view(TORCH[dtype]).reshape(shape)


def data_of(dtype, values):
    return bytes(torch.tensor(values).to(TORCH[dtype]).reshape(-1).view(torch.uint8).tolist())


def text_cases():
    floats = [
        [], [0.0], [-0.0, 0.0], [1.0], [0.1], [-0.5, 2.0], [1.5, 100.0, -3.25], [1e-5], [1e-3, 2.0], [1000.0, 1.0],
        [1001.0, 1.0], [1e8], [2e8, 1.0], [NAN], [NAN, 1.0], [INF, -INF, 2.0], [INF, 0.25, NAN], [0.00005, 0.5],
        [1.00005, 2.00015, 0.03125, 0.40625], [123456.789], [9.99996e5, 1.0], [1 / 3] * 40, list(range(64)), [0.0] * 64,
    ]
    for values in floats:
        for dtype in ("F32", "F64", "F16", "BF16"):
            yield dtype, [len(values)], data_of(dtype, values)
    for dtype in TORCH:
        size = TORCH[dtype].itemsize
        if dtype != "BOOL":
            for shape in ([], [0], [0, 7], [1], [3], [2, 2], [100], [2, 3, 4], [1, 1, 1, 1], [5, 1, 2]):
                count = int(numpy.prod(shape))
                yield dtype, shape, pattern(size * count)
            for shape in ([1001], [40, 40], [10 ** 5]) if dtype != "F8_E8M0" else ():
                yield dtype, shape, None
    for dtype, shape in (("U8", [1000, 2]), ("I16", [7, 6, 30]), ("F32", [64, 3, 7, 2]), ("C64", [2, 2000]),
                         ("F8_E4M3", [2, 2, 5, 7, 9])):
        yield dtype, shape, None
    for shape in ([], [1], [40], [3, 3]):
        yield "BOOL", shape, bytes(i % 3 % 2 for i in range(int(numpy.prod(shape))))
    for value in (0.5, -0.5, 0.0, 3e10, NAN):
        yield "F32", [], data_of("F32", [value])
    yield "C64", [3], data_of("C64", [1 + 2j, -0.5 - 1j, complex(0, NAN)])
    yield "C64", [30], data_of("C64", [complex(i, -i / 7) for i in range(30)])
    yield "U64", [3], (2 ** 64 - 1).to_bytes(8, "little") + (2 ** 63).to_bytes(8, "little") + bytes(8)
    yield "U32", [2], b"\xff" * 4 + bytes(4)


def random_cases(count):
    chosen = random.Random(1)
    for _ in range(count):
        dtype = chosen.choice([d for d in TORCH if d != "BOOL"])
        shape = [chosen.choice([1, 2, 3, 5, 6, 7, 8, 13]) for _ in range(chosen.randrange(4))]
        elements = int(numpy.prod(shape))
        if chosen.random() < 0.5:
            data = chosen.randbytes(TORCH[dtype].itemsize * elements)
        else:
            scale = 10 ** chosen.uniform(-6, 6)
            data = data_of("F32", [chosen.gauss(0, scale) for _ in range(elements)])
            numbers = tensor("F32", [elements], data)
            if dtype in INTEGERS:
                numbers = numbers.abs().clamp(0, 100)
            if dtype == "F8_E8M0":
                numbers = numbers.abs()
            data = bytes(numbers.to(TORCH[dtype]).view(torch.uint8).tolist()) if elements else b""
        yield dtype, shape, data


def texts(out, cases):
    for dtype, shape, data in cases:
        if dtype == "F8_E8M0":  # torch takes its least number for 0
            data = None if data is None else data.replace(b"\0", b"\1")
        size = TORCH[dtype].itemsize * int(numpy.prod(shape))
        text = _tensor_str(tensor(dtype, shape, pattern(size) if data is None else data), len("tensor("))
        out.write(f"# {dtype} {shape} {'pattern' if data is None else data.hex() or '-'}\n{text}\n")


def numbers(out):
    for dtype, kind in NUMPY.items():
        size = numpy.dtype(kind).itemsize
        data = bytes(range(256)) if size == 1 and dtype != "BOOL" else pattern(16 * size)
        if dtype == "BOOL":
            data = b"\0\1\1\0"
        elif size > 1:
            top = b"\xff" * (size - 1)
            data += bytes(size) + b"\xff" * size + top + b"\x7f" + bytes(size - 1) + b"\x80"
        array = numpy.frombuffer(data, kind)
        with numpy.errstate(all="ignore"):
            doubles = [float(v).hex() for v in array.astype(numpy.float64)]
            floats = [float(v).hex() for v in array.astype(numpy.float32)]
        whole = [str(int(v)) for v in array] if dtype in INTEGERS else []
        out.write("\n".join((dtype, data.hex(), " ".join(floats), " ".join(doubles), " ".join(whole))) + "\n")


if __name__ == "__main__":
    torch.set_printoptions(profile="default")
    more = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with open(sys.argv[1] + "/texts-of-torch.txt", "w") as out:
        texts(out, text_cases())
        texts(out, random_cases(60 + more))
    with open(sys.argv[1] + "/numbers-of-numpy.txt", "w") as out:
        numbers(out)
