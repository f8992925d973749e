"""Markers that the model writes itself ([1], 【1】, （资料1）) out of the stream, and the stream into
sentences.

A marker is a hint at best: it is removed from the text, remembered, and checked like everything else. A
marker that is only half written when a delta ends is held back until it can be told from text.
"""

from __future__ import annotations

import re

from index.sentences import split_sentences

_NUMBERS = r"\d{1,3}(?:\s*[,，、\-–~]\s*\d{1,3})*"
_WORD = r"(?:资料|材料|来源|文档|段落|参考|引用|编号|证据|出处|source|doc|ref)"
MARKER = re.compile(
    rf"\s?(?:[\[［【〔]\s*(?:{_WORD}\s*[:：]?\s*)?{_NUMBERS}\s*[\]］】〕](?!\d*号)"
    rf"|[\[［【〔]\s*{_WORD}\s*[\]］】〕]"
    rf"|[（(]\s*(?:见|据|来自)?\s*{_WORD}\s*[:：]?\s*{_NUMBERS}\s*[）)])",
    re.IGNORECASE,
)
_OPENERS = "[［【〔（("
_QUOTES = '”」』"'
_AFTER_QUOTE = 12
_HELD_MAX = 16


def strip_markers(text: str) -> tuple[str, tuple[int, ...]]:
    """``text`` without markers, and the numbers in them in order, each once."""
    hints: list[int] = []
    for match in MARKER.finditer(text):
        hints += _read(match.group())
    return MARKER.sub("", text), tuple(dict.fromkeys(hints))


def _read(marker: str) -> list[int]:
    numbers = []
    for low, high in re.findall(r"(\d{1,3})(?:\s*[\-–~]\s*(\d{1,3}))?", marker):
        last = int(high) if high else int(low)
        numbers += list(range(int(low), last + 1)) if 0 <= last - int(low) <= 20 else [int(low), last]
    return numbers


class StreamSplitter:
    """Deltas in, completed sentences out; markers removed. Not thread-safe: one per answer.

    ``pending`` is the text of the sentence being written; ``hints`` the marker numbers of the sentences
    already returned, one tuple each.
    """

    def __init__(self) -> None:
        self._raw = ""
        self.hints: list[tuple[int, ...]] = []

    @property
    def pending(self) -> str:
        """What is written of the next sentence, without markers or half a marker."""
        return strip_markers(self._raw[: self._safe()])[0]

    def feed(self, delta: str) -> list[str]:
        """Take new text; return the sentences it completes, markers removed."""
        self._raw += delta
        safe = self._safe()
        spans = split_sentences(self._raw[:safe])
        # The last sentence may still grow (a closing quote, a marker), unless something follows it.
        if len(spans) < 2:
            return []
        cut = spans[-1][0]
        if self._raw[:cut].rstrip(" ").endswith(tuple(_QUOTES)) and len(self._raw) - cut < _AFTER_QUOTE:
            return []  # “……。”他说: the sentence may go on
        done, self._raw = self._raw[:cut], self._raw[cut:]
        return self._emit(done)

    def flush(self) -> list[str]:
        """The rest, at the end of the stream."""
        done, self._raw = self._raw, ""
        return self._emit(done)

    def _emit(self, text: str) -> list[str]:
        out = []
        for start, end in split_sentences(text):
            clean, hints = strip_markers(text[start:end])
            if clean.strip():
                out.append(clean.strip())
                self.hints.append(hints)
            elif hints and self.hints:
                self.hints[-1] = tuple(dict.fromkeys(self.hints[-1] + hints))
        return out

    def _safe(self) -> int:
        """Everything before a bracket near the end that may become a marker."""
        at = max(self._raw.rfind(c) for c in _OPENERS)
        if at < 0 or len(self._raw) - at > _HELD_MAX or MARKER.match(self._raw, at):
            return len(self._raw)
        closed = any(c in self._raw[at:] for c in "]］】〕）)")
        return len(self._raw) if closed else at
