"""The reader: one small network over two texts. Finds what answers a question, and what a question takes from
turns before.

Its weights (``reader.npz``, made by ``training/reader.py``) stand on the words of multilingual-e5-small,
which lies in the model store. Texts longer than the network reads at once are read in windows of whole
sentences.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.bert import rounded
from index.encoder import Encoder
from index.normalize import simplify
from index.sentences import split_sentences
from kernels import integer_products
from qa.heads import HEADS
from qa.kind import Operation, alone_of, arranged_of, editions_of, kind_of, operation_of
from qa.linear import sigmoid

WEIGHTS = Path(__file__).with_name("reader.npz")
MOST = 384
"""Tokens of both texts together."""
WINDOW = 420
"""Characters of the second text that are read at once, about."""
HISTORY = 220
"""Characters of the turns before that are read."""
BATCH_TOKENS = 1024
"""With 2048 a pass takes as long for a token and 50 MB more."""

Span = tuple[int, int]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one passage says to a question.

    Attributes:
        answerable: probability (0..1) that the passage answers it.
        best: the span that most likely answers it, in characters of the passage; (0, 0) when there is none.
        sure: probability (0..1) of that span against all others and against none.
        parts: every span that belongs to the answer, in order: the items of a list, the pieces of a
        condition.
    """

    answerable: float
    best: Span
    sure: float
    parts: tuple[Span, ...]


class Reads(Protocol):
    """What the pipeline needs of a reader."""

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]: ...

    def kind(self, question: str, before: str = "") -> Mapping[str, float]: ...

    def operation(self, question: str) -> Operation: ...

    def arranged(self, order: str) -> Mapping[str, float]: ...

    def editions(self, question: str) -> Mapping[str, float]: ...

    def turn(self, question: str, before: str) -> tuple[Span, ...]: ...

    def alone(self, question: str, before: str, answer: str) -> float: ...


class ReadOnce:
    """A reader that remembers what it read, for one question: what is found is looked for before and after
    the passages are ranked anew, mostly in the same texts."""

    def __init__(self, reader: Reads) -> None:
        self._reader = reader
        self._known: dict[tuple[str, str], Reading] = {}
        self.kind, self.operation, self.arranged = reader.kind, reader.operation, reader.arranged
        self.turn, self.alone, self.editions = reader.turn, reader.alone, reader.editions

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        new = [text for text in dict.fromkeys(passages) if (question, text) not in self._known]
        if new:
            self._known |= dict(
                zip([(question, text) for text in new], self._reader.read(question, new), strict=True)
            )
        return [self._known[question, text] for text in passages]


class SmallReader:
    """The network on the CPU. Thread-safe: calls take turns. Loaded by the first call or by ``warm()``.

    Args:
        folder: multilingual-e5-small in the model store.
        encoder: gives that model as an encoder.
        threads: CPU threads; 0: all cores.
    """

    def __init__(self, folder: Path, encoder: Callable[[], Encoder], threads: int) -> None:
        self._folder, self._encoder, self._threads = folder, encoder, threads
        self._lock = threading.Lock()

    @property
    def loaded(self) -> bool:
        return "_net" in self.__dict__

    def warm(self) -> None:
        """Load the network."""
        self.kind("预热")
        self.turn("预热", "")

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        """What each passage says to the question, in the order given."""
        windows = [
            (i, begin, text) for i, passage in enumerate(passages) for begin, text in windows_of(passage)
        ]
        told = self._net.run("read", [(question, text) for _, _, text in windows])
        found: list[list[Reading]] = [[] for _ in passages]
        for (i, begin, _), out in zip(windows, told, strict=True):
            found[i].append(_reading(out, begin))
        return [_joined(readings) for readings in found]

    def kind(self, question: str, before: str = "") -> Mapping[str, float]:
        """Probability of each kind of answer that the question may want; ``before``: see :func:`history`."""
        return kind_of(question, bool(before), self._encoder())

    def operation(self, question: str) -> Operation:
        """What is to be computed (``qa.kind.operation_of``)."""
        return operation_of(question, self._encoder())

    def arranged(self, order: str) -> Mapping[str, float]:
        """Probability of what an order does with an answer (``qa.kind.arranged_of``)."""
        return arranged_of(order, self._encoder())

    def editions(self, question: str) -> Mapping[str, float]:
        """Probability of what is asked of two editions of a document (``qa.kind.editions_of``)."""
        return editions_of(question, self._encoder())

    def turn(self, question: str, before: str) -> tuple[Span, ...]:
        """The spans of ``before`` (:func:`history`) that the question takes up."""
        (out,) = self._net.run("turn", [(question, before)])
        return _runs(out, 0.4)

    def alone(self, question: str, before: str, answer: str) -> float:
        """Probability that the question stands alone after another one and its answer."""
        return alone_of(question, before, answer, self._encoder())

    @cached_property
    def _net(self) -> _Net:
        with self._lock:
            return _Net(self._folder, WEIGHTS, self._threads)


@dataclass(frozen=True, slots=True)
class _Out:
    """Logits of one pair: token [length, heads], text [heads]; where each token stands and its characters."""

    token: Floats
    text: Floats
    where: NDArray[np.int8]
    offsets: Sequence[Span]


class _Net:
    """The compiled network with its words and tokenizer."""

    def __init__(self, folder: Path, weights: Path, threads: int) -> None:
        import openvino

        from index.encoder_openvino import best_precision, engine_settings
        from index.tokenizer import tokenizer_of
        from models.e5 import FILE, E5File

        self._file = E5File(folder / FILE)
        self._words = self._file.words()
        self._tokenizer = tokenizer_of(folder)
        config = engine_settings(best_precision(), self._words.size)
        if threads:
            config["INFERENCE_NUM_THREADS"] = str(threads)
        graph = self._graph(weights)
        integer_products(graph, threads)
        compiled = openvino.Core().compile_model(graph, "CPU", config)
        self._request: Any = compiled.create_infer_request()
        self._lock = threading.Lock()

    def _graph(self, weights: Path) -> Any:
        from index.bert import heads_graph

        config = self._file.config
        return heads_graph(load_weights(weights), config["num_hidden_layers"], config["num_attention_heads"])

    def run(self, task: str, pairs: Sequence[tuple[str, str]]) -> list[_Out]:
        """Logits of each pair of texts, in the order given."""
        lead = f"{task}: "
        given = [(lead + simplify(first), simplify(second)) for first, second in pairs]
        encoded = self._tokenizer.encode_batch(given) if given else []
        out: list[_Out | None] = [None] * len(given)
        order = sorted(range(len(given)), key=lambda i: (-len(encoded[i].ids), i))
        while order:
            longest = rounded(len(encoded[order[0]].ids), MOST)
            size = max(1, BATCH_TOKENS // longest)
            batch, order = order[:size], order[size:]
            self._batch([encoded[i] for i in batch], longest, batch, out)
        return [one for one in out if one is not None]

    def _batch(
        self, encoded: Sequence[Any], longest: int, places: Sequence[int], out: list[_Out | None]
    ) -> None:
        ids = np.ones((len(encoded), longest), np.int64)
        mask = np.zeros((len(encoded), longest), np.float32)
        for row, one in enumerate(encoded):
            kept = one.ids[:longest]
            ids[row, : len(kept)] = kept
            mask[row, : len(kept)] = 1
        with self._lock:
            told = self._request.infer({0: self._words(ids), 1: mask})
            token, text = told[0].copy(), told[1].copy()
        for row, (place, one) in enumerate(zip(places, encoded, strict=True)):
            n = min(longest, len(one.ids))
            where = np.array([-1 if s is None else s for s in one.sequence_ids[:n]], np.int8)
            out[place] = _Out(token[row, :n], text[row], where, one.offsets[:n])


def windows_of(text: str, size: int = WINDOW) -> list[tuple[int, str]]:
    """Windows of whole sentences, about ``size`` characters each, with where they begin. One for a short
    text."""
    cuts = split_sentences(text) or [(0, len(text))]
    out: list[tuple[int, str]] = []
    begin, last = cuts[0][0], cuts[0][0]
    for start, end in cuts:
        if end - begin > size and start > begin:
            out.append((begin, text[begin:last]))
            begin = start
        last = end
    return [*out, (begin, text[begin:last])]


def history(turns: Sequence[tuple[str, str]]) -> str:
    """The turns before as the network reads them: the last first, each question with the first words of its
    answer.

    Args:
        turns: (question, answer), oldest first.
    """
    return "\n".join(f"{q} — {a[:80]}" if a else q for q, a in reversed(turns) if q)[:HISTORY]


def load_weights(path: Path) -> Mapping[str, Floats]:
    """The arrays of a file of weights as float32 by name; 8-bit matrices lie there with one scale for each
    output."""
    with np.load(path, allow_pickle=False) as file:
        names = [name for name in file.files if not name.endswith(".scale")]
        found = {name: file[name].astype(np.float32) for name in names}
        for name in names:
            if f"{name}.scale" in file.files:
                found[name] *= file[f"{name}.scale"].astype(np.float32)
    return found


def fingerprint(path: Path = WEIGHTS) -> str:
    """12 hex digits of the weights: answers and caches record them."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _reading(out: _Out, begin: int) -> Reading:
    second = np.flatnonzero(out.where == 1)
    answerable = sigmoid(float(out.text[HEADS.text.index("answerable")]))
    if not second.size:
        return Reading(answerable, (0, 0), 0.0, ())
    places = np.concatenate([[0], second])
    start, end = (_log_softmax(out.token[places, i].astype(np.float64)) for i in (0, 1))
    score = start[1:, None] + end[None, 1:]
    score[np.tril_indices(len(second), -1)] = -np.inf
    score[np.triu_indices(len(second), 64)] = -np.inf
    a, b = np.unravel_index(int(score.argmax()), score.shape)
    first, last = out.offsets[int(second[a])], out.offsets[int(second[b])]
    parts = tuple((x + begin, y + begin) for x, y in _runs(out, 0.5))
    return Reading(answerable, (first[0] + begin, last[1] + begin), float(np.exp(score[a, b])), parts)


def _runs(out: _Out, least: float) -> tuple[Span, ...]:
    """Runs of tokens of the second text that are inside a span, cut where one ends and the next begins."""
    inside = (out.where == 1) & (out.token[:, HEADS.token.index("inside")] > np.log(least / (1 - least)))
    spans: list[list[int]] = []
    last = -2
    for i in np.flatnonzero(inside).tolist():
        if i == last + 1 and spans:
            spans[-1][1] = out.offsets[i][1]
        else:
            spans.append([out.offsets[i][0], out.offsets[i][1]])
        last = i
    return tuple((a, b) for a, b in spans if b > a)


def _joined(readings: Sequence[Reading]) -> Reading:
    """Readings of the windows of one passage as one."""
    if not readings:
        return Reading(0.0, (0, 0), 0.0, ())
    best = max(readings, key=lambda r: r.answerable * r.sure)
    parts = tuple(span for r in readings if r.answerable >= 0.3 for span in r.parts)
    return Reading(max(r.answerable for r in readings), best.best, best.sure, parts)


def _log_softmax(x: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = x - x.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))
