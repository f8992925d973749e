"""Prompt lookup: an answer that copies from its evidence can be guessed by finding its last words in the prompt.

Source: Saxena, Prompt Lookup Decoding (2023); the guess is verified by the model in one pass, so that it changes
speed alone. Knows nothing of what the tokens mean.
"""

from __future__ import annotations

from collections.abc import Sequence


class PromptLookup:
    """Guesses the tokens that come next from where the last ones stand in the prompt.

    Args:
        prompt: token ids that are copied from.
        longest: tokens in a guess at most.
    """

    def __init__(self, prompt: Sequence[int], longest: int = 6) -> None:
        self._prompt = list(prompt)
        self._longest = longest
        self._length = longest
        self._after: dict[tuple[int, int], list[int]] = {}
        for i in range(len(self._prompt) - 2):
            self._after.setdefault((self._prompt[i], self._prompt[i + 1]), []).append(i + 2)

    def guess(self, written: Sequence[int]) -> list[int]:
        """The tokens that follow the last ones of ``written`` in the prompt; [] when they do not stand there."""
        if len(written) < 2:
            return []
        places = self._after.get((written[-2], written[-1]))
        if not places:
            return []
        best = max(places, key=lambda place: (self._agreement(written, place), -place))
        return self._prompt[best : best + self._length]

    def learn(self, guessed: int, accepted: int) -> None:
        """Guess longer after a guess that was right, shorter after one that was wrong."""
        if guessed and accepted == guessed:
            self._length = min(self._longest, self._length + 2)
        elif guessed:
            self._length = max(2, accepted + 1)

    def _agreement(self, written: Sequence[int], place: int) -> int:
        n = 0
        while n < min(8, len(written), place) and written[-1 - n] == self._prompt[place - 1 - n]:
            n += 1
        return n
