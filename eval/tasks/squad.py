"""SQuAD JSON 1.1 and 2.0 (cmrc2018, drcd, any other), and ExpMRC, which adds evidence sentences.

Variants that are read: ``answers`` with or without ``answer_start``, answers as plain strings,
``is_impossible``, ``context`` under ``context`` or ``context_text``, ids of questions under ``id`` or
``query_id``, one paragraph an article (``data[].context``), and ``evidences`` as strings or as objects with
``text``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from errors import EvalError
from eval.tasks.files import read_json
from eval.tasks.types import Context, Evidence, Item, Mode, Task


def read(path: Path, name: str = "", title: str = "", split: str = "reporting", mode: Mode = "open") -> Task:
    """A task from a SQuAD-style file: every paragraph is a context, every question an item.

    Raises:
        EvalError: the file is missing, is not JSON, or has no questions.
    """
    root = read_json(path)
    data = root.get("data") if isinstance(root, dict) else root
    if not isinstance(data, list) or not data:
        raise EvalError(
            f"{path} is not SQuAD JSON: it has no list 'data'", "Convert it to JSONL; see docs/EVALUATION.md."
        )
    contexts: list[Context] = []
    items: list[Item] = []
    for article in data:
        for paragraph in article.get("paragraphs", [article]):
            context = _context(paragraph, article, len(contexts), path)
            contexts.append(context)
            items += [_item(qa, context, len(items) + n) for n, qa in enumerate(paragraph.get("qas", []))]
    if not items:
        raise EvalError(f"{path} holds no questions ('qas')")
    _same_ids(items, path)
    label = name or path.stem
    return Task(label, title or label, tuple(items), tuple(contexts), mode=mode, split=split)


def _context(paragraph: dict[str, Any], article: dict[str, Any], ordinal: int, path: Path) -> Context:
    text = paragraph.get("context", paragraph.get("context_text"))
    if not isinstance(text, str):
        raise EvalError(f"{path}: paragraph {ordinal + 1} has no 'context'")
    # A paragraph's own id may repeat in another article, so the position goes in front.
    own = paragraph.get("id", paragraph.get("context_id", ""))
    return Context(f"c{ordinal:05d}" + (f"-{own}" if own else ""), text, str(article.get("title", "")))


def _item(qa: dict[str, Any], context: Context, ordinal: int) -> Item:
    answers = tuple(dict.fromkeys(_text(a) for a in qa.get("answers", []) if _text(a)))
    answerable = bool(answers) and not qa.get("is_impossible", False)
    quotes = tuple(dict.fromkeys(_text(e) for e in qa.get("evidences", [])))
    evidence = tuple(Evidence(context.id, q) for q in quotes if q) or _sentences(
        context, qa.get("answers", [])
    )
    return Item(
        id=str(qa.get("id", qa.get("query_id", ordinal))),
        question=qa["question"],
        answers=answers if answerable else (),
        answerable=answerable,
        evidence=evidence if answerable else (),
        qrels={context.id: 1} if answerable else {},
        type="span" if answerable else "unanswerable",
        passages=(context,),
    )


def _text(value: Any) -> str:
    return str(value.get("text", "") if isinstance(value, dict) else value).strip()


def _sentences(context: Context, answers: list[Any]) -> tuple[Evidence, ...]:
    """Where no evidence is marked: the sentences that hold the marked answer spans."""
    found: dict[str, None] = {}
    for answer in answers:
        start = answer.get("answer_start", -1) if isinstance(answer, dict) else -1
        text = _text(answer)
        if start < 0 or not text or context.text[start : start + len(text)] != text:
            start = context.text.find(text) if text else -1
        if start >= 0:
            found[_sentence_at(context.text, start, start + len(text))] = None
    return tuple(Evidence(context.id, quote) for quote in found)


def _sentence_at(text: str, start: int, end: int) -> str:
    stops = "。！？!?\n"
    left = max(text.rfind(stop, 0, start) for stop in stops) + 1
    ends = [text.find(stop, max(end - 1, start)) for stop in stops]
    right = min((e + 1 for e in ends if e >= 0), default=len(text))
    return text[left:right].strip()


def _same_ids(items: list[Item], path: Path) -> None:
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise EvalError(
                f"{path}: two questions have the id {item.id!r}", "Give each question its own id."
            )
        seen.add(item.id)
