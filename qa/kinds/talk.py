"""Small talk and questions about the program: answered at once, without a search and without the model that
writes.

What is said is chosen by the example that lies nearest (``[talk]`` in prompts/strings.toml), told by the
encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import prompts
from index.encoder import Encoder, Vectors
from index.types import Document
from qa.types import Answer, Sentence

MOST = 12
"""Documents that are named."""
_ENCODED: dict[str, tuple[list[str], Vectors]] = {}


def talk(answer: Answer, documents: Callable[[], Sequence[Document]], encoder: Encoder) -> Answer:
    """The finished answer to a greeting, thanks, or a question about the program and its documents."""
    names, vectors = _examples(encoder)
    name = names[int((vectors @ encoder.encode([answer.question], query=True)[0]).argmax())]
    lines = (
        _held(name, documents()) if name in ("documents", "recent") else [prompts.text(f"talk.{name}_says")]
    )
    shown = tuple(
        Sentence(line + ("\n" if i < len(lines) - 1 else ""), "supported") for i, line in enumerate(lines)
    )
    return Answer(answer.question, answer.query, "done", shown, kind=answer.kind, index=answer.index)


def _held(name: str, documents: Sequence[Document]) -> list[str]:
    """What documents there are, newest first where that was asked."""
    if not documents:
        return [prompts.text("qa.refuse_no_documents")]
    ordered = (
        sorted(documents, key=lambda d: d.published or "", reverse=True) if name == "recent" else documents
    )
    lines = [prompts.text(f"talk.{name}_says", n=len(documents))]
    lines += [f"{n}. {_titled(d)}" for n, d in enumerate(ordered[:MOST], 1)]
    if len(documents) > MOST:
        lines.append(prompts.text("talk.more", n=len(documents) - MOST))
    return lines


def _titled(document: Document) -> str:
    title = f"《{document.name}》"
    return f"{title}（{document.published}）" if document.published else title


def _examples(encoder: Encoder) -> tuple[list[str], Vectors]:
    """Names and vectors of the examples, encoded once for an encoder."""
    if encoder.name not in _ENCODED:
        said = prompts.examples("talk")
        names = [name for name, texts in said.items() for _ in texts]
        vectors = encoder.encode([text for texts in said.values() for text in texts], query=True)
        _ENCODED[encoder.name] = names, vectors
    return _ENCODED[encoder.name]
