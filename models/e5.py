"""Reads the file in which multilingual-e5-small travels: BERT weights in 4 bits, and a SentencePiece
vocabulary.

Little endian: 18 numbers of 32 bits (``_HEADER``), offsets of the pieces, their scores, their bytes;
replacements of single characters; a table of tensors (name, type, count, offset, bytes); the tensors. Type 0
is float32. Type 1 is 4 bits in groups of 32 along the rows: a float16 scale ``d`` and 16 bytes that hold
values ``n``, the low halves of the bytes before the high ones; a weight is ``(n - 8) * d``.
"""

from __future__ import annotations

import json
import mmap
import struct
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import ModelError

FILE = "e5-small-q4.bin"
GROUP = 32
_MAGIC = b"E5S1"
_HEADER = struct.Struct("<4s8If8I")
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
MASK = "<mask>"


@dataclass(frozen=True, slots=True)
class Packed:
    """A matrix in 4 bits.

    Attributes:
        values: unsigned 4-bit numbers, uint8 of shape (rows, columns); a weight is ``(value - 8) * scale``.
        scales: float16 of shape (rows, columns / 32), one for each 32 columns.
    """

    values: NDArray[np.uint8]
    scales: NDArray[np.float16]

    def floats(self) -> NDArray[np.float32]:
        """The weights as float32."""
        rows, columns = self.values.shape
        grouped = self.values.reshape(rows, -1, GROUP).astype(np.float32) - 8.0
        return (grouped * self.scales.astype(np.float32)[:, :, None]).reshape(rows, columns)


class Words:
    """The word table: token ids in, their vectors out. Only the rows that are asked for are read from the
    file, and their pages are let go of: in the end all 50 MB of it would be in memory, for each who reads."""

    def __init__(self, groups: NDArray[np.uint8], size: int, let_go: Callable[[], None]) -> None:
        self._groups = groups
        self.size = size
        self._let_go = let_go

    def __call__(self, ids: NDArray[np.integer]) -> NDArray[np.float32]:
        """Vectors float32 [*ids.shape, size]."""
        groups = self._groups[ids]
        self._let_go()
        scales = np.ascontiguousarray(groups[..., :2]).view("<f2").astype(np.float32)
        halves = groups[..., 2:]
        values = np.concatenate([halves & 15, halves >> 4], axis=-1).astype(np.float32) - 8.0
        return (values * scales).reshape(*ids.shape, self.size)


class E5File:
    """The model file opened. Tensors are read when asked for.

    Attributes:
        config: sizes of the model, as a Hugging Face ``config.json`` has them.
        replacements: what a single character is replaced by before the text is cut into pieces.

    Raises:
        ModelError: the file is not one of this kind, or is cut short.
    """

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._data = memoryview(self._map)
            self._parse()
        except (struct.error, UnicodeDecodeError, ValueError, OverflowError) as error:
            raise ModelError.named("model_kind", path=str(path), what=str(error)) from error

    def _parse(self) -> None:
        magic, version, hidden, layers, heads, inner, vocabulary, positions, _, eps, group, count, *rest = (
            _HEADER.unpack_from(self._data)
        )
        if magic != _MAGIC or version != 1 or group != GROUP:
            raise ValueError(f"magic {bytes(magic)!r}, version {version}, groups of {group}")
        size = rest[4]
        self.config: dict[str, Any] = {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": hidden,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "intermediate_size": inner,
            "vocab_size": vocabulary,
            "hidden_act": "gelu",
            "max_position_embeddings": positions,
            "type_vocab_size": 2,
            "layer_norm_eps": round(eps, 18),
            "pad_token_id": 1,
            "tokenizer_class": "XLMRobertaTokenizer",
            "position_embedding_type": "absolute",
        }
        at = _HEADER.size
        offsets = np.frombuffer(self._data, "<u4", count + 1, at)
        scores = np.frombuffer(self._data, "<f4", count, at + offsets.nbytes)
        at += offsets.nbytes + scores.nbytes
        self._pieces = np.frombuffer(self._data, np.uint8, size, at), offsets, scores
        at = self._parse_replacements(at + size)
        self._parse_tensors(at)

    def _parse_replacements(self, at: int) -> int:
        (count, _) = struct.unpack_from("<II", self._data, at)
        at += 8
        self.replacements: dict[str, str] = {}
        for _ in range(count):
            code, length = struct.unpack_from("<IB", self._data, at)
            codes = struct.unpack_from(f"<{length}I", self._data, at + 5)
            self.replacements[chr(code)] = "".join(map(chr, codes))
            at += 5 + 4 * length
        return at

    def _parse_tensors(self, at: int) -> None:
        (count,) = struct.unpack_from("<I", self._data, at)
        at += 4
        self._tensors: dict[str, tuple[int, int, int, int]] = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", self._data, at)
            name = bytes(self._data[at + 2 : at + 2 + length]).decode()
            self._tensors[name] = struct.unpack_from("<BIQQ", self._data, at + 2 + length)
            at += 2 + length + 21
        end = max(offset + size for _, _, offset, size in self._tensors.values())
        if end > len(self._data):
            raise ValueError(f"{len(self._data)} bytes instead of {end}")

    def pieces(self) -> list[tuple[str, float]]:
        """The vocabulary by id, (piece, log probability)."""
        data, offsets, scores = self._pieces
        text = data.tobytes()
        cuts = [text[a:b].decode() for a, b in zip(offsets[:-1], offsets[1:], strict=True)]
        return [(piece, float(score)) for piece, score in zip(cuts, scores, strict=True)]

    def vocabulary(self) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.float32]]:
        """The same as arrays: the characters of all pieces one after another, where each piece ends there,
        log probabilities."""
        data, offsets, scores = self._pieces
        codes = np.frombuffer(data.tobytes().decode().encode("utf-32-le"), "<u4")
        number = np.concatenate([[0], np.cumsum((data & 0xC0) != 0x80)])
        return codes, number[offsets[1:]], scores

    def exceptions(self) -> dict[int, str | None]:
        """Characters that SentencePiece leaves out (None) or makes a blank where NFKC does not."""
        known = {c: r for c, r in self.replacements.items() if unicodedata.normalize("NFKC", c) != r}
        return {ord(c): r or None for c, r in known.items() if r in ("", " ")}

    def vector(self, name: str) -> NDArray[np.float32]:
        """A float32 tensor, flat."""
        kind, count, offset, _ = self._tensors[name]
        if kind != 0:
            raise ValueError(f"{name} is not float32")
        return np.frombuffer(self._data, "<f4", count, offset)

    def packed(self, name: str, columns: int) -> Packed:
        """A 4-bit tensor of that many columns, still packed."""
        kind, count, offset, size = self._tensors[name]
        if kind != 1:
            raise ValueError(f"{name} is not in 4 bits")
        groups = np.frombuffer(self._data, np.uint8, size, offset).reshape(count // GROUP, 18)
        scales = np.ascontiguousarray(groups[:, :2]).view("<f2").reshape(-1, columns // GROUP)
        halves = groups[:, 2:]
        values = np.concatenate([halves & 15, halves >> 4], axis=1).reshape(-1, columns)
        return Packed(values, scales)

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """All weights but the word table as float32, by the names that ``index.bert`` uses."""
        size, inner = self.config["hidden_size"], self.config["intermediate_size"]
        found = {
            "positions": self.vector("emb.pos").reshape(-1, size),
            "types": self.vector("emb.type").reshape(-1, size)[0],
            "norm.weight": self.vector("emb.ln.w"),
            "norm.bias": self.vector("emb.ln.b"),
        }
        for layer in range(self.config["num_hidden_layers"]):
            for name in MATRICES:
                columns = inner if name == "fo" else size
                found[f"layers.{layer}.{name}.weight"] = self.packed(f"l{layer}.{name}.w", columns).floats()
                found[f"layers.{layer}.{name}.bias"] = self.vector(f"l{layer}.{name}.b")
            for name in NORMS:
                found[f"layers.{layer}.{name}.weight"] = self.vector(f"l{layer}.{name}.w")
                found[f"layers.{layer}.{name}.bias"] = self.vector(f"l{layer}.{name}.b")
        return found

    def words(self) -> Words:
        """The word table, mapped from the file."""
        size = int(self.config["hidden_size"])
        _, count, offset, length = self._tensors["emb.word"]
        groups = np.frombuffer(self._data, np.uint8, length, offset)
        return Words(groups.reshape(count // size, size // GROUP, 18), size, self._let_go)

    def _let_go(self) -> None:
        """Mapped pages go; what is read again comes from the file."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def state_dict(self) -> dict[str, NDArray[np.float32]]:
        """All weights as float32 under the names that transformers' ``BertModel`` has."""
        arrays = self.arrays()
        types = np.stack([arrays.pop("types"), self.vector("emb.type").reshape(2, -1)[1]])
        found = {
            "embeddings.word_embeddings.weight": self.words()(np.arange(self.config["vocab_size"])),
            "embeddings.position_embeddings.weight": arrays.pop("positions"),
            "embeddings.token_type_embeddings.weight": types,
            "embeddings.LayerNorm.weight": arrays.pop("norm.weight"),
            "embeddings.LayerNorm.bias": arrays.pop("norm.bias"),
        }
        for name, array in arrays.items():
            _, layer, short, part = name.split(".")
            found[f"encoder.layer.{layer}.{(MATRICES | NORMS)[short]}.{part}"] = array
        return found


MATRICES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
"""The matrices of a layer: our name and that of transformers."""
NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


def unpack(path: Path) -> None:
    """Write ``config.json``, ``tokenizer.json`` and ``tokenizer_config.json`` beside the model file."""
    file = E5File(path)
    for name, content in (
        ("config.json", file.config),
        ("tokenizer.json", tokenizer_json(file)),
        ("tokenizer_config.json", tokenizer_config()),
    ):
        path.with_name(name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def tokenizer_config() -> dict[str, Any]:
    """What transformers needs besides ``tokenizer.json``."""
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>"}
    more = {"cls_token": "<s>", "pad_token": "<pad>", "mask_token": MASK, "model_max_length": 512}
    return {"tokenizer_class": "PreTrainedTokenizerFast", **special, **more}


def tokenizer_json(file: E5File) -> dict[str, Any]:
    """The vocabulary in the form of the tokenizers library: NFKC with SentencePiece's exceptions, then
    unigram pieces.

    SentencePiece replaces single characters, NFKC composes sequences too, so rare texts are cut otherwise.
    """
    table, pieces = file.exceptions(), file.pieces()
    gone = "".join(chr(c) for c, r in table.items() if r is None)
    blank = "".join(chr(c) for c, r in table.items() if r is not None)
    steps: list[dict[str, Any]] = [
        {"type": "Replace", "pattern": {"Regex": _any_of(gone)}, "content": ""},
        {"type": "Replace", "pattern": {"Regex": _any_of(blank)}, "content": " "},
        {"type": "NFKC"},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
        {"type": "Strip", "strip_left": True, "strip_right": True},
    ]
    special = [
        {
            "id": i,
            "content": token,
            "single_word": False,
            "lstrip": token == MASK,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for i, token in [*enumerate(SPECIAL), (len(pieces) - 1, MASK)]
    ]
    space = {"replacement": "▁", "prepend_scheme": "always", "split": True}
    begin, end = {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}
    first, second = {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": {"type": "Sequence", "normalizers": steps},
        "pre_tokenizer": {"type": "Metaspace", **space},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [begin, first, end],
            "pair": [begin, first, end, end, second, end],
            "special_tokens": {t: {"id": t, "ids": [i], "tokens": [t]} for i, t in enumerate(SPECIAL)},
        },
        "decoder": {"type": "Metaspace", **space},
        "model": {
            "type": "Unigram",
            "unk_id": 3,
            "vocab": [list(p) for p in pieces],
            "byte_fallback": False,
        },
    }


def _any_of(characters: str) -> str:
    """A regular expression for one of these characters."""
    return "[" + "".join(f"\\x{{{ord(c):04x}}}" for c in characters) + "]"
