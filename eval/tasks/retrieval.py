"""Retrieval benchmarks: BEIR folders, STARD (statutes), LeCoQA (statutes with expert answers), and NoMIRACL
(refusal).

A BEIR folder holds ``corpus.jsonl`` (_id, title, text), ``queries.jsonl`` (_id, text) and
``qrels/<split>.tsv`` (query-id, corpus-id, score with a heading line).
"""

from __future__ import annotations

import zlib
from pathlib import Path

from errors import EvalError
from eval.tasks.files import need, read_json, read_jsonl, read_text
from eval.tasks.types import Context, Evidence, Item, Task

_TITLE_MAX = 60


def read_beir(folder: Path) -> Task:
    """A retrieval-only task from a BEIR folder.

    Raises:
        EvalError: a file is missing or broken, or no query has a gold document.
    """
    grades = _qrels(folder / "qrels" / "test.tsv")
    contexts = [
        Context(
            str(need(row, "_id", str(folder / "corpus.jsonl"))),
            str(row.get("text", "")),
            str(row.get("title", "")),
        )
        for _, row in read_jsonl(folder / "corpus.jsonl")
    ]
    items = []
    for number, row in read_jsonl(folder / "queries.jsonl"):
        where = f"{folder / 'queries.jsonl'}, line {number}"
        query = str(need(row, "_id", where))
        if query in grades:
            items.append(Item(query, str(need(row, "text", where)), qrels=grades[query], type="retrieval"))
    return _retrieval_task(folder.name, folder.name, items, contexts, str(folder))


def _qrels(path: Path) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = {}
    for number, line in enumerate(read_text(path).splitlines(), 1):
        cells = line.split("\t")
        if len(cells) < 3 or (number == 1 and not cells[2].strip().lstrip("-").isdigit()):
            continue
        grades.setdefault(cells[0], {})[cells[1]] = int(cells[2])
    return {query: found for query, found in grades.items() if any(grade > 0 for grade in found.values())}


def _retrieval_task(name: str, title: str, items: list[Item], contexts: list[Context], where: str) -> Task:
    if not items:
        raise EvalError(f"{where}: no query has a gold document")
    return Task(name, title, tuple(items), tuple(contexts), retrieval_only=True)


def read_stard(folder: Path, name: str, title: str) -> Task:
    """STARD: gold articles are named in ``match_name``; an article's name is its title."""
    contexts = stard_contexts(folder / "corpus.jsonl")
    path = folder / "queries.json"
    items = [
        Item(
            str(need(row, "query_id", str(path))),
            str(need(row, "问题", str(path))),
            qrels={gold: 1 for gold in need(row, "match_name", str(path))},
            type="retrieval",
        )
        for row in read_json(path)
    ]
    return _retrieval_task(name, title, items, contexts, str(folder))


def stard_contexts(path: Path) -> list[Context]:
    """The articles by name, of several with one name the last: most have no id (null), and the gold names
    them."""
    rows = (row for _, row in read_jsonl(path))
    articles = {str(need(row, "name", str(path))): str(row.get("content", "")) for row in rows}
    return [Context(name, text, name) for name, text in articles.items()]


def read_lecoqa(path: Path, name: str, title: str) -> Task:
    """LeCoQA: lay questions with expert answers, over all of STARD's statutes, which lie beside it. The
    expert answer is a reference for ROUGE-L; right or wrong cannot be decided from it."""
    items = tuple(
        Item(
            str(need(row, "query_id", str(path))),
            str(need(row, "问题", str(path))),
            answerable=True,
            evidence=tuple(Evidence(gold) for gold in row["match_name"]),
            qrels={gold: 1 for gold in row["match_name"]},
            type="legal",
            reference=str(row.get("答案文本", "")).strip(),
            passages=tuple(
                Context(n, str(t).strip(), n) for n, t in need(row, "相关法规", str(path)).items()
            ),
        )
        for row in read_json(path)
    )
    return Task(name, title, items, tuple(stard_contexts(path.parents[1] / "stard" / "corpus.jsonl")))


def read_nomiracl(path: Path, name: str, title: str) -> Task:
    """NoMIRACL: ten passages a question; in the subset ``non_relevant`` none of them answers it.

    A passage stands there as ``title of its article: text``; the two are told apart, as MIRACL's own corpus
    has them. Questions whose id has an even CRC-32 (about half) are tuning data: the gate is fitted on them,
    too.
    """
    items = []
    for number, row in read_jsonl(path):
        where = f"{path}, line {number}"
        subset = str(need(row, "subset", where))
        ids, texts = need(row, "docids", where), need(row, "passages", where)
        answerable = subset != "non_relevant"
        items.append(
            Item(
                str(need(row, "query_id", where)),
                str(need(row, "query", where)),
                answerable=answerable,
                type="relevant" if answerable else "unanswerable",
                split="reporting" if zlib.crc32(str(row["query_id"]).encode()) % 2 else "tuning",
                passages=tuple(_titled(str(i), str(t)) for i, t in zip(ids, texts, strict=True)),
            )
        )
    if not items:
        raise EvalError(f"{path} holds no questions")
    splits = "/".join(sorted({item.split for item in items}, reverse=True))
    return Task(name, title, tuple(items), mode="closed", split=splits)


def _titled(identity: str, text: str) -> Context:
    """``蜘蛛人:返校日: 哈里尔说...`` -> title and text; a text without a title stays whole."""
    title, colon, rest = text.partition(": ")
    whole = not colon or not rest.strip() or len(title) > _TITLE_MAX or "\n" in title or "。" in title
    return Context(identity, text) if whole else Context(identity, rest, title)
