"""Draft questions from a user's own documents, for a person to check: nothing here is taken as true by
itself.

Answerable: a clause with a figure, a date or a person's name is asked for what it says; the answer and its
sentence are recorded as evidence. Not answerable: the same kind of question about another place or body of
the documents, or another year, that no sentence connects. Deterministic: the same documents and seed give the
same drafts.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from errors import DocumentError, EvalError
from index.files import expand
from index.reading import Reader
from index.sentences import split_sentences
from index.types import Document

_CLAUSE = re.compile(r"[^，,。！？!?；;：:\n]+")
_DATE = re.compile(r"(?:(?:\d{4}|[今去前明])年)?\d{1,2}月(?:\d{1,2}[日号])?|(?:19|20)\d{2}年(?:底|初)?")
_FIGURE = re.compile(
    r"(?<![\d.月年第])(\d[\d,]*(?:\.\d+)?)(余|多)?(万|亿)?([个名人条项次家件元吨米亩户篇份场所级天批对辆座]|公里|千米|平方米|小时|分钟|人次|工作日|%|％)"
)
_OFFICE = "书记|主任|局长|处长|科长|校长|院长|董事长|总经理|经理|负责人|部长|厅长|市长|区长|县长|主席"
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫"
    "段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤牛戚"
)
_PERSON = re.compile(
    rf"([\u4e00-\u9fa5]{{2,18}}?(?:{_OFFICE}))([{_SURNAMES}][\u4e00-\u9fa5]{{1,2}}?)(?=表示|介绍|说|指出|认为|告诉|强调|审批|负责|[，。、；])"
)
_ENDINGS = "市|区|县|镇|局|委|办|中心|公司|集团|学校|医院|大学|学院|公园"
_BODY = re.compile(
    rf"(?:^|(?<=[，。、；：“”《》（）和与及在由对向从到]))[\u4e00-\u9fa5]{{2,10}}?(?:{_ENDINGS})(?![\u4e00-\u9fa5]*?(?:{_ENDINGS})(?:[，。、；]|$))"
)
_GLUE = re.compile("[的了和与及在由对向从到把被是为以将并等]")
_ASKING = re.compile("是谁|多少|什么时候|哪一年|百分之|？")
_YEAR = re.compile(r"(?:19|20)\d{2}(?=年)")
_BARE = 5  # Han characters that a clause must have beside its figure, or nobody could tell what is asked

Draft = dict[str, Any]


def synthesise(paths: Sequence[Path], limit: int = 60, unanswerable: int = 20, seed: int = 1) -> list[Draft]:
    """Drafts of both kinds, spread over the documents.

    Raises:
        EvalError: no document can be read, or no clause lends itself to a question.
    """
    documents = read_documents(paths)
    made = [draft for document in documents for draft in questions(document)]
    if not made:
        raise EvalError(
            "no figure, date or name was found to ask for",
            "Write questions by hand: one JSON object a line; see docs/EVALUATION.md.",
        )
    rng = random.Random(seed)
    chosen = _spread(made, limit, rng)
    crossed = list(without_answer(chosen, documents, rng))[:unanswerable]
    return [
        {"id": f"draft-{n:03d}", **draft, "status": "draft"} for n, draft in enumerate([*chosen, *crossed], 1)
    ]


def read_documents(paths: Sequence[Path]) -> list[Document]:
    """All documents that can be read; raises EvalError when there is none."""
    documents: list[Document] = []
    failed: list[str] = []
    with Reader() as reader:
        for found in expand(paths):
            try:
                documents.extend(reader.load_all(found.path, found.source).documents)
            except DocumentError as error:
                failed.append(error.message)
    if not documents:
        raise EvalError(
            "no document could be read" + (f": {failed[0]}" if failed else ""),
            "Name files or folders with documents.",
        )
    return documents


def questions(document: Document) -> Iterator[Draft]:
    """One draft for every figure, date and named person that a clause can be asked for."""
    seen: set[str] = set()
    for start, end in split_sentences(document.text):
        sentence = document.text[start:end]
        for draft in _of_sentence(sentence):
            if draft["question"] in seen or len(sentence) > 200:
                continue
            seen.add(draft["question"])
            yield {**draft, "evidence": [{"document": document.source, "quote": sentence}]}


def _of_sentence(sentence: str) -> Iterator[Draft]:
    for match in _PERSON.finditer(sentence):
        office, name = _GLUE.split(match.group(1))[-1], match.group(2)
        if len(office) >= 4:
            yield {"question": f"{office}是谁？", "answers": [name], "type": "who"}
    clauses = list(_CLAUSE.finditer(sentence))
    for n, clause in enumerate(clauses):
        before = clauses[n - 1].group() if n else ""
        after = clauses[n + 1].group() if n + 1 < len(clauses) else ""
        for found, kind in [
            *((m, "date") for m in _DATE.finditer(clause.group())),
            *((m, "count") for m in _FIGURE.finditer(clause.group())),
        ]:
            asked = _asked(before, clause.group(), after, found, kind)
            if asked:
                yield {"question": asked, "answers": [found.group()], "type": kind}


def _asked(before: str, clause: str, after: str, found: re.Match[str], kind: str) -> str | None:
    """The clause with what is asked for in place of the figure. Where it says too little by itself, a date
    goes with the clause after it (今年5月12日，系统上线), a figure with the clause before
    (农村公路方面，开工251公里)."""
    if kind == "date":
        what = "什么时候" if "月" in found.group() else "哪一年"
    else:
        unit = found.group(4)
        what = "百分之多少" if unit in "%％" else f"多少{found.group(3) or ''}{unit}"
    rest = clause[: found.start()] + clause[found.end() :]
    if any(pattern.search(rest) for pattern in (_FIGURE, _DATE)):
        return None  # two figures in one clause: which one is asked for would be told by the other
    text = (clause[: found.start()] + what + clause[found.end() :]).strip(" “”\"'")
    if _han(rest) < _BARE:
        if kind == "date":
            clear = _han(after) >= _BARE and not _FIGURE.search(after) and not _DATE.search(after)
            return f"{after.strip()}，是{what}？" if clear and len(after) <= 50 else None
        if _han(before) < _BARE or _FIGURE.search(before) or _DATE.search(before):
            return None
        text = f"{before.strip()}，{text}"
    return f"{text}？" if _han(text) >= _BARE + 2 and len(text) <= 60 else None


def _han(text: str) -> int:
    return sum("\u4e00" <= char <= "\u9fa5" for char in text)


def without_answer(
    drafts: Sequence[Draft], documents: Sequence[Document], rng: random.Random
) -> Iterator[Draft]:
    """Questions that no sentence answers: a body or a year is exchanged for one that no sentence connects
    with the rest."""
    sentences = [d.text[a:b] for d in documents for a, b in split_sentences(d.text)]
    found = Counter(m.group() for sentence in sentences for m in _BODY.finditer(sentence))
    named = (
        body
        for body, times in found.items()
        if times > 1 or body.startswith(("市", "省", "区", "县", "国家"))
    )
    bodies = sorted(body for body in named if not _GLUE.search(body))
    asked = {str(draft["question"]) for draft in drafts}
    for draft in rng.sample(list(drafts), len(drafts)):
        question = str(draft["question"])
        old = next((body for body in sorted(bodies, key=len, reverse=True) if body in question), None)
        year = _YEAR.search(question)
        if old:
            fitting = [
                b for b in bodies if b[-1] == old[-1] and b not in question and old not in b and b not in old
            ]
            rng.shuffle(fitting)
            free = (b for b in fitting if question.replace(old, b) not in asked)
            new = next((b for b in free if not _connected(question.replace(old, b), b, sentences)), None)
            if new:
                yield _crossed(draft, question.replace(old, new))
        elif year:
            other = next(
                (
                    str(y)
                    for y in range(int(year.group()) - 3, 1990, -1)
                    if not any(str(y) in s for s in sentences)
                ),
                None,
            )
            if other:
                yield _crossed(draft, question.replace(year.group(), other))


def _crossed(draft: Mapping[str, Any], question: str) -> Draft:
    return {
        "question": question,
        "answers": [],
        "type": "unanswerable_near",
        "evidence": [],
        "made_from": draft["question"],
    }


def _connected(question: str, body: str, sentences: Iterable[str]) -> bool:
    """Does some sentence speak of the body and of a good part of the rest of the question?"""
    rest = _ASKING.sub("", question.replace(body, ""))
    grams = {rest[i : i + 2] for i in range(len(rest) - 1)}
    return any(body in s and sum(gram in s for gram in grams) * 3 >= len(grams) for s in sentences)


def _spread(drafts: Sequence[Draft], limit: int, rng: random.Random) -> list[Draft]:
    """At most ``limit`` drafts, in turn from each document and type, in the order of the documents."""
    groups: dict[tuple[str, str], list[Draft]] = {}
    for draft in drafts:
        groups.setdefault((draft["evidence"][0]["document"], draft["type"]), []).append(draft)
    for group in groups.values():
        rng.shuffle(group)
    taken: list[Draft] = []
    while len(taken) < limit and any(groups.values()):
        for group in groups.values():
            if group and len(taken) < limit:
                taken.append(group.pop())
    order = {id(draft): n for n, draft in enumerate(drafts)}
    return sorted(taken, key=lambda draft: order[id(draft)])


def write(rows: Iterable[Mapping[str, Any]], out: Path) -> int:
    """Write JSONL; an existing file is not overwritten, since a person may have worked on it. Returns the
    number of lines.

    Raises:
        EvalError: the file exists, or cannot be written.
    """
    if out.exists():
        raise EvalError(f"{out} exists already", "Name another file, so that checked questions are not lost.")
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise EvalError(f"cannot write {out}: {error.strerror}") from None
    return len(lines)
