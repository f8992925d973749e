"""Which of a few named things is meant: the one whose example lies nearest, told by the encoder
(prompts/strings.toml)."""

from __future__ import annotations

import prompts
from index.encoder import Encoder, Vectors

_ENCODED: dict[tuple[str, str], tuple[list[str], Vectors]] = {}


def nearest(section: str, text: str, encoder: Encoder) -> str:
    """Name of the entry ``<name>_said`` of a section of the strings that has the example nearest to the
    text."""
    names, vectors = _examples(section, encoder)
    return names[int((vectors @ encoder.encode([text], query=True)[0]).argmax())]


def _examples(section: str, encoder: Encoder) -> tuple[list[str], Vectors]:
    """Names and vectors of the examples, encoded once for an encoder."""
    key = (section, encoder.name)
    if key not in _ENCODED:
        said = prompts.examples(section)
        names = [name for name, texts in said.items() for _ in texts]
        _ENCODED[key] = names, encoder.encode([text for texts in said.values() for text in texts], query=True)
    return _ENCODED[key]
