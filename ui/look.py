"""How messages are rendered: language, public addresses, whom to ask."""

from __future__ import annotations

from dataclasses import dataclass

from ui.texts import Texts


@dataclass(frozen=True, slots=True)
class Look:
    """How a message is rendered: language, the public prefix of our own addresses, whom to ask instead."""

    lang: str = "zh"
    base: str = ""
    contact: str = ""

    @property
    def t(self) -> Texts:
        return Texts(self.lang)
