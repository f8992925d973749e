"""The page's texts in one language: ``Texts("zh")("ask")`` looks up ``ui.ask`` in prompts/strings.toml."""

from __future__ import annotations

from dataclasses import dataclass

import prompts
from errors import WenjuError

LANGS = ("zh", "en")


class Texts:
    """Texts of section ``ui`` in one language; unknown languages fall back to Chinese."""

    def __init__(self, lang: str = "zh") -> None:
        self.lang = lang if lang in LANGS else "zh"

    def __call__(self, key: str, **values: str | int | float) -> str:
        return prompts.text(f"ui.{key}", lang=self.lang, **values)

    def error(self, error: BaseException, name: str = "") -> str:
        """What went wrong and the next step, in one paragraph that names what ``name`` names."""
        if not isinstance(error, WenjuError):
            message, hint = f"{type(error).__name__}: {error}", ""
        else:
            message, hint = error.told(self.lang)
        own = message != getattr(error, "message", message)  # told in this language, not only in English
        if name and not message.startswith(name):
            message = f"{name}{'：' if own else ': '}{message}"
        if not hint:
            return message
        stop = "" if message[-1] in "。！？.!?" else "。" if own else "."
        return f"{message}{stop}{'' if own else ' '}{hint}"

    def unfilled(self, prefix: str) -> dict[str, str]:
        """Texts that a script shows and fills in by itself: those whose key starts with ``prefix``, without
        it; ``js_`` those of ui.js."""
        entries = prompts.strings("ui", self.lang)
        return {key.removeprefix(prefix): value for key, value in entries.items() if key.startswith(prefix)}


@dataclass(frozen=True, slots=True)
class Look:
    """How a message is rendered: language, the public prefix of our own addresses, whom to ask instead."""

    lang: str = "zh"
    base: str = ""
    contact: str = ""

    @property
    def t(self) -> Texts:
        return Texts(self.lang)
