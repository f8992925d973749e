"""Which documents are copies of each other: the same text, or nearly the same with the same figures.

White space, letter width and script do not count. Two editions are no copies: where one figure differs
(another date, another limit), both stay what they are.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from index.normalize import fold
from index.types import Document

HASHES = 64
BANDS = 16
"""Documents are compared when one of 16 bands of 4 minima is the same: found with 0.999 at a likeness of
0.8."""
ALIKE = 0.9
"""Share of common shingles (estimated) from which on two documents with the same figures are copies."""
SHINGLE = 5
SKETCHED = 500_000
"""Characters of which minima are taken; those after them count in the hashes only."""
SHORTEST = 40
"""A shorter text is compared whole: a changed word in it is another text."""

_SPACE = re.compile(r"[\s\u3000]+")
_FIGURE = re.compile(r"\d+(?:\.\d+)?|[〇零一二三四五六七八九十百千万亿两]+")


def plain(text: str) -> str:
    """A text as copies are compared: folded, without white space."""
    return _SPACE.sub("", fold(text))


def sketch(text: str) -> str:
    """A short print of a text: its exact hash, that of its figures, and minima of its shingles, in
    hexadecimal.

    Two texts that differ in white space only have the same one. "" for a text without letters.
    """
    import numpy as np

    body = plain(text)
    if not body:
        return ""
    whole = hashlib.blake2b(body.encode(), digest_size=8).hexdigest()
    figures = hashlib.blake2b("|".join(_FIGURE.findall(body)).encode(), digest_size=8).hexdigest()
    if len(body) < SHORTEST:
        return f"{whole}.{figures}."
    points = np.frombuffer(body[:SKETCHED].encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    prime = np.uint64(0x9E3779B97F4A7C15)
    shingles = np.zeros(len(points) - SHINGLE + 1, np.uint64)
    for step in range(SHINGLE):
        shingles = (shingles ^ points[step : len(points) - SHINGLE + 1 + step]) * prime
        shingles ^= shingles >> np.uint64(29)
    shingles = np.unique(shingles)
    seeds = np.random.default_rng(1997).integers(1, 2**63, (HASHES, 2), np.uint64)
    minima = [
        int(((shingles * (one | np.uint64(1)) + other) >> np.uint64(40)).min()) & 0xFFFF
        for one, other in seeds
    ]
    return f"{whole}.{figures}." + "".join(f"{value:04x}" for value in minima)


def copies_of(documents: Iterable[Document]) -> dict[str, str]:
    """Id of each document that is a copy -> id of the one that stands for all of them: the first, in order of
    giving.

    Reads ``meta["sketch"]``. A document that is a copy of another is not in the values. One with another
    document number is no copy but where every character is the same.
    """
    found: dict[str, str] = {}
    whole: dict[str, str] = {}
    bands: dict[str, list[str]] = defaultdict(list)
    prints: dict[str, tuple[str, str, Document]] = {}
    sketches = [(document, *_split(document)) for document in documents]
    having = Counter(figures for _, _, figures, _ in sketches)
    for document, exact, figures, minima in sketches:
        if not exact or having[figures] == 1:  # copies have the same figures
            continue
        if exact in whole:
            found[document.id] = whole[exact]
            continue
        near = _nearest(document, figures, minima, bands, prints)
        whole[exact] = near or document.id
        if near:
            found[document.id] = near
            continue
        prints[document.id] = (figures, minima, document)
        for name in _bands(figures, minima):
            bands[name].append(document.id)
    return found


def _split(document: Document) -> tuple[str, str, str]:
    """The exact hash, that of the figures, and the minima."""
    exact, _, rest = document.meta.get("sketch", "").partition(".")
    figures, _, minima = rest.partition(".")
    return exact, figures, minima


def _bands(figures: str, minima: str) -> list[str]:
    width = len(minima) // BANDS
    return [f"{n}.{figures}.{minima[n * width : (n + 1) * width]}" for n in range(BANDS)] if minima else []


def _nearest(
    document: Document,
    figures: str,
    minima: str,
    bands: dict[str, list[str]],
    prints: dict[str, tuple[str, str, Document]],
) -> str:
    """The first document that is alike; "" when there is none."""
    candidates = dict.fromkeys(
        other for name in _bands(figures, minima) for other in bands.get(name, ())[:50]
    )
    for other in candidates:
        _, theirs, known = prints[other]
        same = sum(minima[n : n + 4] == theirs[n : n + 4] for n in range(0, len(minima), 4))
        if same >= ALIKE * HASHES and known.number == document.number:
            return other
    return ""
