# SPDX-License-Identifier: Apache-2.0
"""Makes the reference numbers of this example: how sure silero's own network is of speech in each window
of the signal that Signal.java makes too. It gets the weights of the package's safetensors file, which are
others than those that its TorchScript and ONNX files have (silero-vad 6.2.3).

    pip install silero-vad==6.2.3 numpy safetensors torch
    python reference.py > ../resources/io/fastsafetensors/examples/speech/reference.txt
"""

import importlib.metadata
import sys

import numpy
import safetensors.torch
import torch

RATE, WINDOW, WINDOWS = 16000, 512, 64
SYLLABLE, FIRST, LAST = 4096, 2, 5
# Of each resonance of a vowel: what stays of the sample before, and of the one before that.
VOWELS = [
    [(1.8764, -0.9502), (1.7132, -0.9318), (0.993, -0.9029)],
    [(1.9344, -0.9653), (1.8327, -0.954), (1.1193, -0.9065)],
]


def signal():
    """Three syllables of two vowels, between faint noise: sums and products of doubles only, which are
    the same in each language."""
    samples, seed, pulse, last = [], 1, 0, [(0.0, 0.0)] * 3
    for i in range(WINDOW * WINDOWS):
        syllable, at = divmod(i, SYLLABLE)
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        noise = seed / 0x40000000 - 1.0
        value = noise * 0.02
        pulse += 1
        if pulse >= 120 + at // 600:
            pulse = 0
            value += 1.0
        for k, (one, two) in enumerate(VOWELS[syllable % 2]):
            value = value + one * last[k][0] + two * last[k][1]
            last[k] = (value, last[k][0])
        loudness = 1.0 - abs(at - 2048) / 2048.0 if FIRST <= syllable < LAST else 0.0
        samples.append(value * loudness * 0.01 + noise * 0.001)
    return numpy.array(samples, dtype=numpy.float32)


# Of the network, by the names of the safetensors file.
NAMES = {
    "stft.forward_basis_buffer": "stft_conv.weight",
    "decoder.rnn.": "lstm_cell.",
    "decoder.decoder.2.": "final_conv.",
    **{f"encoder.{i}.reparam_conv.": f"conv{i + 1}." for i in range(4)},
}


def network(folder):
    network = torch.jit.load(str(folder / "silero_vad.jit")).eval()
    weights = safetensors.torch.load_file(folder / "silero_vad_16k.safetensors")
    for name, values in network._model.state_dict().items():
        own = next(k for k in NAMES if name.startswith(k))
        values.copy_(weights.pop(NAMES[own] + name[len(own) :]))
    assert not weights, weights.keys()
    return network


def main():
    package = importlib.metadata.distribution("silero-vad")
    torch.set_num_threads(1)
    model = network(package.locate_file("silero_vad/data"))
    samples = torch.from_numpy(signal())
    print(f"silero-vad {package.version}, torch {torch.__version__}", file=sys.stderr)
    with torch.no_grad():
        for start in range(0, len(samples), WINDOW):
            print(f"{model(samples[start:start + WINDOW], RATE).item():.9g}")


if __name__ == "__main__":
    main()
