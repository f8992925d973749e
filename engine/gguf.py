"""The metadata of a GGUF file, and the tokenizer written from it in the form the tokenizers library reads.

Format: github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 2 and 3, little endian. Tensors are not
read here.
"""

from __future__ import annotations

import json
import mmap
import struct
from pathlib import Path
from typing import Any

from errors import GeneratorError

_FORMATS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING, _ARRAY = 8, 9
_CONTROL, _USER_DEFINED = 3, 4

# How the byte-level BPE families cut text before merging; the name is the file's tokenizer.ggml.pre.
_QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_LLAMA3 = _QWEN2.replace(r"\p{N}| ?", r"\p{N}{1,3}| ?")
_SPLITS = {"qwen2": _QWEN2, "llama-bpe": _LLAMA3}


def read_metadata(path: Path) -> dict[str, Any]:
    """All key-value pairs of the file's head, by key.

    Raises:
        GeneratorError: the file is not GGUF, or is cut short.
    """
    with path.open("rb") as file:
        try:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _metadata(data, path)
        except (ValueError, struct.error, UnicodeDecodeError, KeyError) as error:
            raise _not_gguf(path, f"{type(error).__name__}: {error}") from error


def _metadata(data: mmap.mmap, path: Path) -> dict[str, Any]:
    if data[:4] != b"GGUF":
        raise _not_gguf(path, "it does not begin with GGUF")
    at = 4 + 4 + 8
    (count,) = struct.unpack_from("<Q", data, at)
    at += 8
    found: dict[str, Any] = {}
    for _ in range(count):
        key, at = _string(data, at)
        (kind,) = struct.unpack_from("<I", data, at)
        found[key], at = _value(data, at + 4, kind)
    return found


def _string(data: mmap.mmap, at: int) -> tuple[str, int]:
    (size,) = struct.unpack_from("<Q", data, at)
    end = at + 8 + size
    return data[at + 8 : end].decode("utf-8"), end


def _value(data: mmap.mmap, at: int, kind: int) -> tuple[Any, int]:
    if kind == _STRING:
        return _string(data, at)
    if kind == _ARRAY:
        item, count = struct.unpack_from("<IQ", data, at)
        at += 12
        if item in _FORMATS:
            form = f"<{count}{_FORMATS[item][1]}"
            return list(struct.unpack_from(form, data, at)), at + struct.calcsize(form)
        values = []
        for _ in range(count):
            value, at = _value(data, at, item)
            values.append(value)
        return values, at
    form = _FORMATS[kind]
    return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)


def write_tokenizer(metadata: dict[str, Any], folder: Path) -> None:
    """Write ``tokenizer.json`` (tokenizers library) and ``chat.json`` (template, end tokens) into ``folder``.

    Raises:
        GeneratorError: the file's tokenizer is of a family that we do not know.
    """
    split = _SPLITS.get(str(metadata.get("tokenizer.ggml.pre")))
    template = metadata.get("tokenizer.chat_template")
    if split is None or metadata.get("tokenizer.ggml.model") != "gpt2" or not template:
        found = f"{metadata.get('tokenizer.ggml.model')}/{metadata.get('tokenizer.ggml.pre')}"
        raise GeneratorError.named("engine_tokenizer", found=found, names=", ".join(sorted(_SPLITS)))
    tokens: list[str] = metadata["tokenizer.ggml.tokens"]
    types: list[int] = metadata["tokenizer.ggml.token_type"]
    added = [i for i, kind in enumerate(types) if kind in (_CONTROL, _USER_DEFINED)]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    tokenizer = {
        "version": "1.0",
        "added_tokens": [
            {
                "id": i,
                "content": tokens[i],
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for i in added
        ],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": split}, "behavior": "Isolated", "invert": False},
                byte_level,
            ],
        },
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": [merge.split(" ", 1) for merge in metadata["tokenizer.ggml.merges"]],
        },
    }
    eos = {int(metadata["tokenizer.ggml.eos_token_id"])}
    eos |= {i for i in added if tokens[i] in ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>")}
    chat = {"template": template, "eos": sorted(eos), "name": metadata.get("general.name", "")}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), "utf-8")
    (folder / "chat.json").write_text(json.dumps(chat, ensure_ascii=False), "utf-8")


def _not_gguf(path: Path, why: str) -> GeneratorError:
    return GeneratorError.named("gguf_unreadable", path=str(path), what=why)
