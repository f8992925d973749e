"""An encoder whose weights came in 4 bits (``models.e5``): its OpenVINO graph, and a float32 folder of it for
torch.

Both are made from the one file when they are first needed and lie beside it in ``derived/``.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from errors import ModelError
from models.e5 import FILE, E5File

FLOATS = "float32"


def is_packed(folder: Path) -> bool:
    """Does ``folder`` hold the weights in 4 bits?"""
    return (folder / FILE).is_file()


def build_graph(folder: Path, out: Path) -> None:
    """Write the graph of all but the word table as ``out`` and its .bin (23 MB), without torch."""
    from index.bert import encoder_graph, save

    file = E5File(folder / FILE)
    layers, heads = file.config["num_hidden_layers"], file.config["num_attention_heads"]
    save(encoder_graph(file.arrays(), layers, heads), out)


def float_folder(folder: Path) -> Path:
    """A Hugging Face folder with the same weights as float32, written now if that has not been done.

    Raises:
        ModelError: the model's folder cannot be written.
    """
    from filelock import FileLock

    target = folder / "derived" / FLOATS
    if target.is_dir():
        return target
    try:
        target.parent.mkdir(exist_ok=True)
        with FileLock(str(target.parent / "encoder.lock")):
            if not target.is_dir():
                _write_floats(folder, target)
    except OSError as error:
        raise ModelError.named("encoder_floats", folder=str(folder), what=str(error)) from error
    return target


def _write_floats(folder: Path, target: Path) -> None:
    """Write all files, then give the folder its name, so that a folder of that name is always complete."""
    import numpy as np
    from safetensors.numpy import save_file

    file = E5File(folder / FILE)
    size = int(file.config["hidden_size"])
    unused = {
        "pooler.dense.weight": np.zeros((size, size), np.float32),
        "pooler.dense.bias": np.zeros(size, np.float32),
    }
    weights = {name: np.ascontiguousarray(array) for name, array in (file.state_dict() | unused).items()}
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        made = Path(name) / FLOATS
        made.mkdir()
        save_file(weights, made / "model.safetensors", {"format": "pt"})
        config = json.loads((folder / "config.json").read_text("utf-8"))
        (made / "config.json").write_text(json.dumps(config | {"dtype": "float32"}), "utf-8")
        for tokens in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copyfile(folder / tokens, made / tokens)
        os.replace(made, target)
