"""Prompt lookup: an answer that copies from its evidence can be guessed by finding its last words in the
prompt.

Source: Saxena, Prompt Lookup Decoding (2023); the guess is verified by the model in one pass, so that it
changes speed alone. A pass of a few tokens takes hardly longer than one of a single token, so something is
always guessed (docs/log/performance.md). Knows nothing of what the tokens mean.
"""

from __future__ import annotations

from collections.abc import Sequence

_CROWDED = 2
"""With fewer guesses than this in a pass others write too: then a row costs as much as it is worth."""


class PromptLookup:
    """Guesses the tokens that come next from where the last ones stand in the prompt.

    Args:
        prompt: token ids that are copied from.
        longest: tokens in a guess at most.
    """

    def __init__(self, prompt: Sequence[int], longest: int = 6) -> None:
        self._prompt = list(prompt)
        self._longest = longest
        self._after: dict[tuple[int, int], list[int]] = {}
        for i in range(len(self._prompt) - 2):
            self._after.setdefault((self._prompt[i], self._prompt[i + 1]), []).append(i + 2)
        self._last = {token: i + 1 for i, token in enumerate(self._prompt)}

    def guess(self, written: Sequence[int], most: int) -> list[int]:
        """At most ``most`` tokens: those that follow the last two of ``written`` in the prompt; where these
        do not stand there, those after the last place of the last one (the question, which an answer repeats,
        stands at the end). [] when that does not stand there either."""
        most = min(most, self._longest)
        if most < 1 or not written:
            return []
        places = self._after.get((written[-2], written[-1]), []) if len(written) > 1 else []
        if places:
            best = max(places, key=lambda place: (self._agreement(written, place), -place))
        elif most >= _CROWDED and written[-1] in self._last:
            best = self._last[written[-1]]
        else:
            return []
        return self._prompt[best : best + most]

    def _agreement(self, written: Sequence[int], place: int) -> int:
        n = 0
        while n < min(8, len(written), place) and written[-1 - n] == self._prompt[place - 1 - n]:
            n += 1
        return n
