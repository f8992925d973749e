"""Converts a BERT-like encoder to one OpenVINO file, pooling and normalising included.

Run as ``python -m index.encoder_convert FOLDER OUT.xml bf16|int8``: it imports torch and transformers, which
the program that uses the result does not; for weights that came in 4 bits neither is needed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from index.encoder_packed import build_graph, is_packed


def convert(folder: Path, out: Path, precision: str) -> None:
    """Write ``out`` and its .bin, the .xml last, so that a file of that name is always complete."""
    if is_packed(folder):
        build_graph(folder, out)
        return
    import openvino
    import torch
    from transformers import AutoModel

    class Pooled(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self, model: Any, first: bool) -> None:
            super().__init__()
            self.model, self.first = model, first

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            states = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            if self.first:
                pooled = states[:, 0]
            else:
                weights = attention_mask.unsqueeze(-1).to(states.dtype)
                pooled = (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(pooled, dim=-1)

    model = (
        AutoModel.from_pretrained(folder, attn_implementation="sdpa", local_files_only=True).eval().float()
    )
    example = {name: torch.ones(2, 9, dtype=torch.long) for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        converted = openvino.convert_model(Pooled(model, pools_first_token(folder)), example_input=example)
    shape = openvino.PartialShape([-1, -1])
    converted.reshape({0: shape, 1: shape})
    if precision == "int8":
        compress_weights(converted)
    with tempfile.TemporaryDirectory(dir=out.parent) as name:
        openvino.save_model(converted, f"{name}/{out.name}", compress_to_fp16=precision != "int8")
        os.replace(f"{name}/{out.stem}.bin", out.with_suffix(".bin"))
        os.replace(f"{name}/{out.name}", out)


def pools_first_token(folder: Path) -> bool:
    """True for models that take the first token's state (bge), False for the mean over the tokens."""
    settings = folder / "1_Pooling" / "config.json"
    return settings.is_file() and bool(json.loads(settings.read_text("utf-8")).get("pooling_mode_cls_token"))


def compress_weights(model: Any) -> None:
    """Replace the float weights of matrix products by int8 with one scale per output channel, in place.

    OpenVINO's CPU plugin recognises the pattern constant -> convert -> multiply and computes in int8.
    """
    import openvino.opset13 as ops

    for node in model.get_ordered_ops():
        if node.get_type_name() != "MatMul":
            continue
        weights = node.input(1).get_source_output().get_node()
        if weights.get_type_name() != "Constant" or weights.get_data().ndim != 2:
            continue
        values = weights.get_data().astype(np.float32)
        inner = 1 if node.get_attributes()["transpose_b"] else 0
        scale = np.maximum(np.abs(values).max(inner, keepdims=True) / 127, 1e-12).astype(np.float32)
        small = np.clip(np.round(values / scale), -127, 127).astype(np.int8)
        restored = ops.multiply(ops.convert(ops.constant(small), "f32"), ops.constant(scale))
        node.input(1).replace_source_output(restored.output(0))


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
