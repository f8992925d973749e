"""Answers of any text, shown and exported: balanced, inert HTML, Markdown that links nowhere, Word files that
open."""

from __future__ import annotations

import html.parser
import io
import json
from typing import Any

from hypothesis import strategies as st
from markdown_it import MarkdownIt

from fuzz.inputs import storable
from fuzz.inputs import texts as any_texts
from qa.serialize import answer_from_dict, answer_to_dict
from qa.types import Answer, Citation, Note, Problem, Refusal, Retrieved, Sentence
from ui.export import clipboard, to_html, to_json, to_markdown
from ui.export_word import to_word
from ui.openai_form import reply_of
from ui.openai_request import ChatMessage, ChatRequest
from ui.render import answer_html, question_html
from ui.storage_types import Exchange
from ui.texts import Look

ACTIVE = {
    "script",
    "img",
    "iframe",
    "svg",
    "math",
    "object",
    "embed",
    "form",
    "input",
    "base",
    "meta",
    "link",
    "style",
}
texts = any_texts.map(storable)
LINES = st.one_of(
    texts, texts.map("| {0} | {0} |\n".format), texts.map("- {}\n".format), texts.map("**{}** x\n".format)
)


def _made(given: tuple[list[str], list[str], str, bool]) -> Answer:
    lines, quotes, other, refused = given
    cites = [
        Citation(f"d-{n}", "d", other[:80], "0", (other[:40],), n, 0, len(q), q, 0.9, other[:10])
        for n, q in enumerate(quotes)
    ]
    kept = [
        Retrieved(f"d-{n}", "d", other[:80], "0", (q[:30],), n, 0, len(q), q, 0.5, True)
        for n, q in enumerate(quotes)
    ]
    said = tuple(
        Sentence(
            line,
            ("supported", "partial", "unsupported")[n % 3],
            tuple(cites[: n + 1]),
            (Problem("number", line[:9], other),),
        )
        for n, line in enumerate(lines)
    )
    refusal = Refusal("not_answered", other, ("d-0",), (other,), other) if refused else None
    return Answer(
        other,
        other + "?",
        "done",
        said,
        refusal,
        tuple(kept),
        0.5,
        (Note("conflict", other, tuple(cites)),),
        kind="list",
    )


answers = st.tuples(st.lists(LINES, max_size=5), st.lists(texts, max_size=3), texts, st.booleans()).map(_made)


class _Tags(html.parser.HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.markup = markup
        self.feed(markup)
        self.close()
        assert not self.opened, self.opened

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ACTIVE, tag
        for name, value in attrs:
            assert not name.startswith("on") and "javascript:" not in (value or "").lower(), (name, value)
        if tag not in ("br", "hr", "col"):
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened and self.opened.pop() == tag, tag


def shown(answer: Answer) -> None:
    """The message on the page: one line, balanced, nothing active, and nothing left for Markdown."""
    for markup in (
        question_html(answer.question, "A", Look()),
        answer_html(answer, "A", Look("en"), follow_ups=[answer.query]),
    ):
        assert "\n" not in markup
        _Tags(markup)
    again = answer_from_dict(json.loads(json.dumps(answer_to_dict(answer))))
    assert again == answer


def exported(answer: Answer) -> None:
    """All exports are made, open, and hold nothing that acts."""
    exchange = Exchange("e", answer.question, "2025-07-01T08:00:00+00:00", "done", answer)
    page = to_html(answer.question, [exchange])
    assert "<script" not in page.lower() and "<img" not in page.lower()
    json.loads(to_json(answer.question, [exchange]))
    for text in (to_markdown(answer.question, [exchange]), clipboard(answer, markdown=True)):
        _inert_markdown(text)
    clipboard(answer)
    _opens(to_word(answer.question, [exchange]))
    request = ChatRequest(messages=[ChatMessage(role="user", content="x")], max_tokens=50)
    content = "".join(reply_of(answer, request, "http://here").pieces)
    _inert_markdown(content)


def _inert_markdown(text: str) -> None:
    """Nothing of the documents becomes a link, a picture, code or HTML in a program that renders Markdown."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    for token in tokens:
        assert token.type != "html_block", text
        for inner in token.children or ():
            assert inner.type not in ("link_open", "image", "html_inline", "s_open", "code_inline"), (
                inner.type,
                text,
            )


def _opens(data: bytes) -> None:
    import docx

    found: Any = docx.Document(io.BytesIO(data))
    assert found.paragraphs
