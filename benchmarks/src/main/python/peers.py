# SPDX-License-Identifier: Apache-2.0
"""Loads the safetensors files of a folder into private host memory, or a GPU's, by a peer, and
prints the nanoseconds it took. Usage: peers.py [--stream] [--device DEVICE] [PEER FOLDER SMALL], where
SMALL is a folder to warm up with; without a peer: those that are installed and know the device. With
--stream one byte of each page of a tensor is read, and the tensor is let go."""

import importlib.util
import pathlib
import sys
import time


def files(folder):
    return sorted(str(path) for path in pathlib.Path(folder).glob("*.safetensors"))


def safetensors_clone(paths, device):
    from safetensors import safe_open

    kept = []
    for path in paths:
        with safe_open(path, framework="pt", device=device) as file:
            tensors = [file.get_tensor(name) for name in file.keys()]
            kept += [tensor.clone() for tensor in tensors] if device == "cpu" else tensors
    return kept


def safetensors_pread(paths, _):
    from safetensors import safe_open

    kept = []
    for path in paths:
        with safe_open(path, framework="pt", backend="pread") as file:
            kept += [file.get_tensor(name) for name in file.keys()]
    return kept


def fastsafetensors(paths, device, nogds, block_bytes):
    from fastsafetensors import SafeTensorsFileLoader, SingleGroup

    loader = SafeTensorsFileLoader(SingleGroup(), device, nogds=nogds)
    loader.add_filenames({0: paths})
    buffer = loader.copy_files_to_device(max_copy_block_size=block_bytes)
    return [buffer.get_tensor(name) for name in loader.get_keys()], buffer, loader


def runai(paths, _):
    from runai_model_streamer import SafetensorsStreamer

    with SafetensorsStreamer() as streamer:
        streamer.stream_files(paths)
        return [tensor.clone().detach() for _, tensor in streamer.get_tensors()]


def touch(tensor):
    import torch

    return tensor.view(torch.uint8).flatten()[::4096].sum()


def streamed_by_runai(paths, owned):
    from runai_model_streamer import SafetensorsStreamer

    with SafetensorsStreamer() as streamer:
        streamer.stream_files(paths, owned=owned)
        for _, tensor in streamer.get_tensors():
            touch(tensor)


def streamed_by_fastsafetensors(paths, block_bytes):
    tensors, buffer, loader = fastsafetensors(paths, "cpu", True, block_bytes)
    for tensor in tensors:
        touch(tensor)
    buffer.close()
    loader.close()


def streamed_by_safetensors(paths, clone=False, **options):
    from safetensors import safe_open

    for path in paths:
        with safe_open(path, framework="pt", **options) as file:
            for name in file.keys():
                tensor = file.get_tensor(name)
                touch(tensor.clone() if clone else tensor)


def first_tensor(paths, _):
    from safetensors import safe_open

    with safe_open(paths[0], framework="pt") as file:
        return file.get_tensor(next(iter(file.keys()))).clone()


GIB = 1 << 30
WARM_UP_ROUNDS = 10
# The module, the load, and whether it knows GPUs.
PEERS = {
    "safetensors, clone": ("safetensors", safetensors_clone, True),
    "safetensors, pread": ("safetensors", safetensors_pread, False),
    "fastsafetensors, nogds": (
        "fastsafetensors",
        lambda paths, device: fastsafetensors(paths, device, True, 16 * GIB),
        True,
    ),
    "fastsafetensors, nogds, 64 MiB blocks": (
        "fastsafetensors",
        lambda paths, device: fastsafetensors(paths, device, True, GIB // 16),
        True,
    ),
    "fastsafetensors, gds mode": (
        "fastsafetensors",
        lambda paths, device: fastsafetensors(paths, device, False, 16 * GIB),
        True,
    ),
    "runai-model-streamer": ("runai_model_streamer", runai, False),
    "first tensor, safetensors": ("safetensors", first_tensor, False),
}

STREAMS = {
    "runai-model-streamer": ("runai_model_streamer", lambda paths, _: streamed_by_runai(paths, True), False),
    "runai-model-streamer, owned=False": (
        "runai_model_streamer",
        lambda paths, _: streamed_by_runai(paths, False),
        False,
    ),
    "fastsafetensors, nogds": (
        "fastsafetensors",
        lambda paths, _: streamed_by_fastsafetensors(paths, 16 * GIB),
        False,
    ),
    "fastsafetensors, nogds, 64 MiB blocks": (
        "fastsafetensors",
        lambda paths, _: streamed_by_fastsafetensors(paths, GIB // 16),
        False,
    ),
    "mapped by safetensors": ("safetensors", lambda paths, _: streamed_by_safetensors(paths), False),
    "safetensors, clone": (
        "safetensors",
        lambda paths, _: streamed_by_safetensors(paths, clone=True),
        False,
    ),
    "safetensors, pread": (
        "safetensors",
        lambda paths, _: streamed_by_safetensors(paths, backend="pread"),
        False,
    ),
}


def has(device):
    if not importlib.util.find_spec("torch"):
        return False
    if device == "cpu":
        return True
    import torch

    return torch.cuda.is_available()


def settle(device):
    """Opens the device, or waits until it has done what it is to do."""
    if device != "cpu":
        import torch

        torch.zeros(1, device=device)
        torch.cuda.synchronize(device)


def main(arguments):
    device, peers = "cpu", PEERS
    if arguments[:1] == ["--stream"]:
        peers, arguments = STREAMS, arguments[1:]
    if arguments[:1] == ["--device"]:
        device, arguments = arguments[1], arguments[2:]
    if not arguments:
        for name, (module, _, gpus) in peers.items():
            if (gpus or device == "cpu") and importlib.util.find_spec(module) and has(device):
                print(name)
        return
    module, load, _ = peers[arguments[0]]
    importlib.import_module("torch")
    importlib.import_module(module)
    for _ in range(WARM_UP_ROUNDS):
        load(files(arguments[2]), device)
    paths = files(arguments[1])
    settle(device)
    start = time.perf_counter_ns()
    loaded = load(paths, device)
    settle(device)
    print(time.perf_counter_ns() - start)
    sys.stdout.flush()
    del loaded


main(sys.argv[1:])
