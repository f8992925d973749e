"""Grounded decoding: a generator may write only digit sequences that stand in its context.

Knows nothing of tokens: it is asked about text. A figure is a run of digits with inner points or commas
("5.5", "1,234"); 2025年3月6日 holds three. Full-width digits count as digits. Numerals in Chinese characters
in the context (二十三) allow their Arabic form; what the generator writes in Chinese characters is left to
the checks afterwards.
"""

from __future__ import annotations

import re
import unicodedata

_RUN = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_HAN = re.compile("[零〇一二两三四五六七八九十百千]+")
_HAN_DIGIT = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_UNIT = {"十": 10, "百": 100, "千": 1000}
_DEAD = "\0"


class Figures:
    """The figures of a text, and whether a continuation stays within them.

    ``state`` is the part of a figure that is being written, "" between figures; keep it from call to call.
    """

    def __init__(self, text: str) -> None:
        plain = _plain(text)
        runs = {m.group() for m in _RUN.finditer(plain)}
        runs |= {run.replace(",", "") for run in runs}
        runs |= {part for run in runs if "." not in run for part in run.split(",")} if "," in plain else set()
        runs |= {str(value) for m in _HAN.finditer(plain) if (value := _han_value(m.group())) is not None}
        self._runs = frozenset(runs)
        self._prefixes = frozenset(run[:i] for run in runs for i in range(1, len(run) + 1))

    def advance(self, state: str, piece: str) -> str | None:
        """The state after writing ``piece``; None when that would make a figure that is not in the text."""
        for char in _plain(piece):
            if "0" <= char <= "9":
                state += char
                if state not in self._prefixes:
                    return None
            elif state and char in ".," and state + char in self._prefixes:
                state += char
            elif not self._complete(state):
                return None
            else:
                # "5." may end a sentence, but no digit may follow it unless the text has that very figure.
                state = state + _DEAD if state and char in ".," else ""
        return state

    def may_end(self, state: str) -> bool:
        """Whether the answer may end here: no figure is half written."""
        return self._complete(state)

    def next_digits(self, state: str) -> frozenset[str]:
        """The characters that can go on the figure that is being written."""
        return frozenset(
            p[len(state)] for p in self._prefixes if len(p) == len(state) + 1 and p.startswith(state)
        )

    def _complete(self, state: str) -> bool:
        return not state or state.rstrip(_DEAD + ".,") in self._runs


def _plain(text: str) -> str:
    """Full-width digits, points and commas made half-width; nothing else changes."""
    return "".join(unicodedata.normalize("NFKC", c) if "０" <= c <= "９" or c in "．" else c for c in text)


def _han_value(numeral: str) -> int | None:
    """二十三 -> 23, 一千二百 -> 1200, 二〇二五 -> 2025; None when it is no plain numeral."""
    if not set(numeral) & _HAN_UNIT.keys():
        return int("".join(str(_HAN_DIGIT[c]) for c in numeral))
    total, digit, last = 0, 0, 10_000
    for char in numeral:
        if char in _HAN_UNIT:
            unit = _HAN_UNIT[char]
            if unit >= last:
                return None
            total, digit, last = total + (digit or (1 if unit == 10 else 0)) * unit, 0, unit
        else:
            digit = _HAN_DIGIT[char]
    return total + digit
