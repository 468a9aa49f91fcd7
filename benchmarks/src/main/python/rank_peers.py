# SPDX-License-Identifier: Apache-2.0
"""A rank of a group that gets its part of the tensors of a folder by a peer, as lines tell it:
"prepare", a way, a want and a folder; then "start" and a time of the monotonic clock. Answers each with
a line; RankJvm.java and RankServer.java say which words. The environment says which rank it is. With
an argument, only ways whose names have it take part."""

import datetime
import gc
import importlib.util
import os
import pathlib
import re
import sys
import time

TIMEOUT = datetime.timedelta(minutes=2)
PAGE = 4096
DIMENSIONS = {"ROWS": 0, "COLUMNS": 1, "WHOLE": 99}
SLICES = 20


def files(folder):
    return sorted(str(path) for path in pathlib.Path(folder).glob("*.safetensors"))


def join():
    import torch.distributed as dist

    dist.init_process_group("gloo", timeout=TIMEOUT)
    return dist


def fastsafetensors(group, folder, want, direct):
    """Each file is read by one rank; the parts of its tensors are scattered."""
    from fastsafetensors import SafeTensorsFileLoader

    os.environ["FASTSAFETENSORS_ODIRECT"] = direct
    loader = SafeTensorsFileLoader(group.group.WORLD, "cpu", nogds=True)
    owners = {rank: [] for rank in range(group.get_world_size())}
    for number, path in enumerate(files(folder)):
        owners[number % len(owners)].append(path)
    loader.add_filenames(owners)
    buffer = loader.copy_files_to_device()
    dimension = DIMENSIONS[want]
    tensors = []
    for name in sorted(loader.get_keys()):
        cut = dimension < len(loader.get_shape(name))
        tensors.append(buffer.get_sharded(name, dimension if cut else -1))
    return tensors, buffer, loader


def get_slice(group, folder, want):
    """Each rank reads its parts of all files."""
    from safetensors import safe_open

    if want == "SLICES":
        return slices(files(folder)[0])
    dimension = DIMENSIONS[want]
    tensors = []
    rank, ranks = group.get_rank(), group.get_world_size()
    for path in files(folder):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():
                tensors.append(part(file.get_slice(name), dimension, rank, ranks))
    return (tensors,)


def part(whole, dimension, rank, ranks):
    shape = whole.get_shape()
    if dimension >= len(shape):
        return whole[:]
    share = -(-shape[dimension] // ranks)
    cut = slice(rank * share, min((rank + 1) * share, shape[dimension]))
    return whole[(slice(None),) * dimension + (cut,)]


def slices(path):
    """The slices of OpenWant.java, of the only matrix of a file."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        matrix = file.get_slice(next(iter(file.keys())))
        rows, columns = [size // 2 for size in matrix.get_shape()]
        starts = [(i * 997 % rows, i * 577 % columns) for i in range(SLICES)]
        return ([matrix[a : a + rows, b : b + columns] for a, b in starts],)


# The module that each needs, and the load.
WAYS = {
    "fastsafetensors": (
        "fastsafetensors",
        lambda group, folder, want: fastsafetensors(group, folder, want, "1"),
    ),
    "fastsafetensors, buffered": (
        "fastsafetensors",
        lambda group, folder, want: fastsafetensors(group, folder, want, "0"),
    ),
    "safetensors, get_slice": ("safetensors", get_slice),
}


def values(path, *names):
    """Numbers of a file of the kernel, in bytes."""
    text = pathlib.Path(path).read_text()
    found = [re.search(rf"^{name}:\s+(\d+)( kB)?", text, re.M) for name in names]
    return [int(match[1]) * (1024 if match[2] else 1) for match in found]


def usage():
    return values("/proc/self/io", "read_bytes") + values(
        "/proc/self/status", "VmHWM", "RssAnon", "RssFile"
    )


def touch(tensors):
    import torch

    return sum(int(t.contiguous().view(torch.uint8).flatten()[::PAGE].sum()) for t in tensors)


def run(group, way, want, folder, start):
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    before = usage()
    time.sleep(max(0, (start - time.monotonic_ns()) / 1e9 - 0.002))
    while time.monotonic_ns() < start:
        pass
    loaded = WAYS[way][1](group, folder, want)
    given = time.monotonic_ns()
    touch(loaded[0])
    touched = time.monotonic_ns()
    return [given, touched] + [now - then for now, then in zip(usage(), before)]


def answer(*words):
    print(*words, sep="\t", flush=True)


def main():
    group = join()
    answer(
        "ready",
        *[
            way
            for way, (module, _) in WAYS.items()
            if importlib.util.find_spec(module) and (sys.argv[1:] or [""])[0] in way
        ],
    )
    prepared = None
    for line in sys.stdin:
        words = line.rstrip("\n").split("\t")
        try:
            if words[0] == "prepare":
                gc.collect()
                prepared = words[1:4]
                answer("ready")
            else:
                answer("done", *run(group, *prepared, int(words[1])))
        except Exception as fault:
            answer("failed", " ".join(repr(fault).split()))
    group.destroy_process_group()


main()
