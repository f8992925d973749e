"""Small talk and questions about the program: answered at once, without a search and without the model that writes.

What is said is chosen by the example that lies nearest (``[talk]`` in prompts/strings.toml), told by the encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

import prompts
from index.encoder import Encoder
from index.types import Document
from qa.types import Answer, Note, Sentence

MOST = 12
"""Documents that are named."""


def talk(answer: Answer, documents: Callable[[], Sequence[Document]], encoder: Encoder) -> Answer:
    """The finished answer to a greeting, thanks, or a question about the program and its documents."""
    name = _nearest(answer.question, encoder)
    held = list(documents()) if name in ("documents", "recent") else []
    lines = [prompts.text(f"talk.{name}_says", n=len(held))] if held or name not in ("documents", "recent") else []
    if held:
        ordered = sorted(held, key=lambda d: d.published or "", reverse=True) if name == "recent" else held
        lines += [f"{n}. {_titled(d)}" for n, d in enumerate(ordered[:MOST], 1)]
        if len(held) > MOST:
            lines.append(prompts.text("talk.more", n=len(held) - MOST))
    elif not lines:
        lines = [prompts.text("qa.refuse_no_documents")]
    shown = tuple(Sentence(line + ("\n" if i < len(lines) - 1 else ""), "supported") for i, line in enumerate(lines))
    return Answer(
        answer.question, answer.query, "done", shown, kind=answer.kind, notes=(Note("talk", ""),), index=answer.index
    )


def _titled(document: Document) -> str:
    title = f"《{document.title}》"
    return f"{title}（{document.published}）" if document.published else title


def _nearest(text: str, encoder: Encoder) -> str:
    names, vectors = _examples(encoder)
    return names[int((vectors @ encoder.encode([text], query=True)[0]).argmax())]


@lru_cache(maxsize=2)
def _examples(encoder: Encoder) -> tuple[list[str], np.ndarray]:
    said = prompts.examples("talk")
    names = [name for name, texts in said.items() for _ in texts]
    return names, encoder.encode([text for texts in said.values() for text in texts], query=True)
