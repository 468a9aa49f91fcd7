# SPDX-License-Identifier: Apache-2.0
"""Saves the tensors of a folder from host memory to a new folder beside it by a peer, has them on the
disk, and prints the nanoseconds it took. Usage: save_peers.py [PEER FOLDER SMALL], where SMALL is a
folder to warm up with; without a peer: those that are installed."""

import importlib.util
import os
import pathlib
import shutil
import sys
import tempfile
import time

SHARDS = 4


def load(folder):
    from safetensors.numpy import load_file

    tensors = {}
    for path in sorted(pathlib.Path(folder).glob("*.safetensors")):
        tensors.update(load_file(path))
    return tensors


def flush(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def parts(tensors):
    names = list(tensors)
    size = -(-len(names) // SHARDS)
    return [names[i : i + size] for i in range(0, len(names), size)]


def safetensors(tensors, folder):
    from safetensors.numpy import save_file

    for number, names in enumerate(parts(tensors)):
        path = os.path.join(folder, f"model-{number + 1:05d}-of-{SHARDS:05d}.safetensors")
        save_file({name: tensors[name] for name in names}, path)
        flush(path)
    flush(folder)


def safetensors_one_file(tensors, folder):
    from safetensors.numpy import save_file

    path = os.path.join(folder, "model.safetensors")
    save_file(tensors, path)
    flush(path)
    flush(folder)


def fastsafetensors(tensors, folder):
    import torch
    from fastsafetensors.saver import ParallelSaver

    saver = ParallelSaver(num_shards=SHARDS, fsync=True)
    saver.save(
        {name: torch.from_numpy(tensor) for name, tensor in tensors.items()},
        os.path.join(folder, "model"),
    )


PEERS = {
    "safetensors save_file, 4 files, fsync": ("safetensors", safetensors),
    "safetensors save_file, one file, fsync": ("safetensors", safetensors_one_file),
    "fastsafetensors ParallelSaver, 4 files, fsync": ("fastsafetensors", fastsafetensors),
}


def timed(save, folder):
    tensors = load(folder)
    target = tempfile.mkdtemp(prefix="fst-save", dir=pathlib.Path(folder).parent)
    try:
        start = time.perf_counter_ns()
        save(tensors, target)
        return time.perf_counter_ns() - start
    finally:
        shutil.rmtree(target)


if len(sys.argv) == 1:
    print(*(name for name, (module, _) in PEERS.items() if importlib.util.find_spec(module)), sep="\n")
else:
    peer, folder, small = sys.argv[1:]
    timed(PEERS[peer][1], small)
    print(timed(PEERS[peer][1], folder))
