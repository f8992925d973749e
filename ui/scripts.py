"""Which inline scripts of the page get the nonce: those of the toolkit's own template, word for word, and no
other.

What the server fills into a script of the template has to be a JSON value there: it can hold data, but no
code. A script that came into the page some other way stands there without a nonce, and the browser does not
run it.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

_INLINE = re.compile(r"(<script(?:\s[^>]*)?)(>)(.*?)</script>", re.DOTALL)
_FILLED = re.compile(r"\{\{.*?\}\}", re.DOTALL)


class KnownScripts:
    """The inline scripts of a template.

    Args:
        template: the page with ``{{ ... }}`` where values are filled in.
    """

    def __init__(self, template: str) -> None:
        inline = [m for m in _INLINE.finditer(template) if " src=" not in m[1]]
        self._known = [(m[1], _FILLED.split(m[3])) for m in inline]

    @classmethod
    def of_gradio(cls) -> KnownScripts:
        """Those of the page that Gradio serves."""
        folder = Path(str(toolkit().__file__)).parent / "templates" / "frontend"
        return cls((folder / "index.html").read_text("utf-8"))

    def sign(self, page: bytes, nonce: str) -> bytes:
        """The page with the nonce on every known inline script; a template's script is signed once."""
        left = list(self._known)

        def signed(found: re.Match[str]) -> str:
            for script in left:
                if found[1] == script[0] and _filled(found[3], script[1]):
                    left.remove(script)
                    return f'{found[1]} nonce="{nonce}"{found[0][len(found[1]) :]}'
            return found[0]

        return _INLINE.sub(signed, page.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def toolkit() -> ModuleType:
    """Gradio, imported. It parses its own source meanwhile, as the models' thread parses signatures: two
    threads that do so at once make CPython 3.11 raise SystemError (gh-106905), so once more is enough."""
    try:
        return importlib.import_module("gradio")
    except SystemError:
        return importlib.import_module("gradio")


def _filled(text: str, parts: Sequence[str]) -> bool:
    """Whether ``text`` is the parts with one JSON value between each two."""
    decoder = json.JSONDecoder()
    if not text.startswith(parts[0]):
        return False
    at = len(parts[0])
    for part in parts[1:]:
        try:
            at = decoder.raw_decode(text, at)[1]
        except ValueError:
            return False
        if not text.startswith(part, at):
            return False
        at += len(part)
    return at == len(text)
