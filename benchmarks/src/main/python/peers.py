# SPDX-License-Identifier: Apache-2.0
"""Loads the safetensors files of a folder into private host memory by a peer, and prints the
nanoseconds it took. Usage: peers.py PEER FOLDER SMALL, where SMALL is a folder to warm up with;
without arguments: the peers that are installed."""

import importlib.util
import pathlib
import sys
import time


def files(folder):
    return sorted(str(path) for path in pathlib.Path(folder).glob("*.safetensors"))


def safetensors_clone(paths):
    from safetensors import safe_open

    kept = []
    for path in paths:
        with safe_open(path, framework="pt") as file:
            kept += [file.get_tensor(name).clone() for name in file.keys()]
    return kept


def safetensors_pread(paths):
    from safetensors import safe_open

    kept = []
    for path in paths:
        with safe_open(path, framework="pt", backend="pread") as file:
            kept += [file.get_tensor(name) for name in file.keys()]
    return kept


def fastsafetensors(paths, nogds, block_bytes):
    from fastsafetensors import SafeTensorsFileLoader, SingleGroup

    loader = SafeTensorsFileLoader(SingleGroup(), "cpu", nogds=nogds)
    loader.add_filenames({0: paths})
    buffer = loader.copy_files_to_device(max_copy_block_size=block_bytes)
    return [buffer.get_tensor(name) for name in loader.get_keys()], buffer, loader


def runai(paths):
    from runai_model_streamer import SafetensorsStreamer

    with SafetensorsStreamer() as streamer:
        streamer.stream_files(paths)
        return [tensor.clone().detach() for _, tensor in streamer.get_tensors()]


def first_tensor(paths):
    from safetensors import safe_open

    with safe_open(paths[0], framework="pt") as file:
        return file.get_tensor(next(iter(file.keys()))).clone()


GIB = 1 << 30
WARM_UP_ROUNDS = 10
PEERS = {
    "safetensors, clone": ("safetensors", safetensors_clone),
    "safetensors, pread": ("safetensors", safetensors_pread),
    "fastsafetensors, nogds": (
        "fastsafetensors",
        lambda paths: fastsafetensors(paths, True, 16 * GIB),
    ),
    "fastsafetensors, nogds, 64 MiB blocks": (
        "fastsafetensors",
        lambda paths: fastsafetensors(paths, True, GIB // 16),
    ),
    "fastsafetensors, gds mode": (
        "fastsafetensors",
        lambda paths: fastsafetensors(paths, False, 16 * GIB),
    ),
    "runai-model-streamer": ("runai_model_streamer", runai),
    "first tensor, safetensors": ("safetensors", first_tensor),
}


def main(arguments):
    if not arguments:
        for name, (module, _) in PEERS.items():
            if importlib.util.find_spec(module):
                print(name)
        return
    module, load = PEERS[arguments[0]]
    importlib.import_module("torch")
    importlib.import_module(module)
    for _ in range(WARM_UP_ROUNDS):
        load(files(arguments[2]))
    paths = files(arguments[1])
    start = time.perf_counter_ns()
    loaded = load(paths)
    print(time.perf_counter_ns() - start)
    sys.stdout.flush()
    del loaded


main(sys.argv[1:])
