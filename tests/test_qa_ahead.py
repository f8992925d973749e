"""Reading ahead: what is read is what the reranker sends, passage after passage, and nothing twice."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from fake_corpus import LEAVE
from fake_encoder import FakeEncoder
from fake_engine import passages_of
from fakes import ScriptedGenerator

from engine.base import Message
from errors import Cancelled
from index.orders import Orders
from index.types import Document, Hit, Passage
from qa.adapted import Told
from qa.adapted import messages as asked_of
from qa.ahead import Ahead
from qa.engine import Engine
from qa.kind import Operation
from qa.kinds import parts, queried, worked
from qa.kinds.evidence import Window, narrow
from qa.kinds.queried import computed
from qa.kinds.tables import tables_at
from qa.kinds.told_rows import block_of
from qa.probes import messages as chat_of
from qa.reader import Reading
from qa.rerank import TOKENS, Budget, material, reranked, together
from qa.settings import EngineSettings
from qa.verdicts import Verdicts


class Index:
    fingerprint = "one"
    docs = (LEAVE,)
    orders = Orders()

    def documents(self) -> list[Document]:
        return [*(replace(d, text="") for d in self.docs), replace(LEAVE, id="removed meanwhile")]

    def document(self, document_id: str) -> Document:
        return {d.id: d for d in self.docs}[document_id]

    def passages(self, document_id: str) -> list[Passage]:
        return passages_of(self.document(document_id))

    def search(self, query: str, k: int) -> list[Hit]:
        return [Hit(passages_of(d)[0], d, 0.5) for d in self.docs]

    def superseded(self) -> frozenset[str]:
        return frozenset()


EXAMPLES = 4
"""Prompts whose fixed part is read ahead."""
KEPT = partial(Verdicts, Path("/dev/null/answers.sqlite"))
"""Nothing is kept."""


class Keeping(ScriptedGenerator):
    """One character is one token; ``room`` for so many chats."""

    def __init__(self, room: int = 99) -> None:
        super().__init__()
        self.room, self.read_ahead, self.stops = room, [], False  # type: ignore[var-annotated]

    def count_tokens(self, text: str) -> int:
        return len(text)

    def read(self, messages: tuple[Message, ...], cancelled: threading.Event) -> None:  # type: ignore[return]
        raise AssertionError("nobody asked")

    def unread(self, messages: tuple[Message, ...], begin: int | None = None) -> int:
        return 0

    def ahead(self, messages: tuple[Message, ...], cancelled: threading.Event, written: bool = False) -> bool:
        if self.stops:
            raise Cancelled("stopped before it was read")
        if len(self.read_ahead) == self.room:
            return False
        self.read_ahead.append(messages)
        return True


def all_of(ahead: Ahead, generator: Keeping) -> int:
    return sum(iter(lambda: ahead.read(generator, threading.Event()), False))


def test_every_short_passage_is_read_as_the_reranker_sends_it() -> None:
    index, generator = Index(), Keeping()
    assert all_of(Ahead(index, KEPT), generator) == EXAMPLES + len(passages_of(LEAVE))
    assert generator.read_ahead[:3] == [queried.examples(), parts.examples(), worked.examples()]
    for passage, messages in zip(passages_of(LEAVE), generator.read_ahead[EXAMPLES:], strict=True):
        context = material(Hit(passage, LEAVE, 0.5), passage.end - 1, generator)
        sent, _ = asked_of("年休假有几天？", context, again=True)
        beginning = sent[-1].content[: sent[-1].lasting]
        assert (
            passage.text in beginning and "年休假有几天" not in beginning and beginning.endswith(context.text)
        )
        assert messages[-1].content[: messages[-1].lasting] == beginning and messages[:-1] == sent[:-1]


def test_the_examples_of_a_query_are_what_every_query_begins_with(tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text("# 表\n\n| 楼 | 户数 |\n|---|---|\n| 甲 | 10 |\n| 乙 | 20 |\n", "utf-8")
    writer = ScriptedGenerator({"": "SELECT COUNT(*) FROM t"})
    engine = Engine.open(EngineSettings(data=tmp_path / "d"), generator=writer, encoder=FakeEncoder())
    engine.add([tmp_path / "t.md"])
    (table,) = tables_at(engine.search("甲 户数", 1)[0], engine.library)
    computed("几栋", Operation("count"), table, writer, threading.Event())
    *sent, last = writer.requests[0].messages
    *before, end = queried.examples()
    assert sent == before and end.lasting > 0 and last.content.startswith(end.content[: end.lasting])


def test_the_examples_of_parts_are_what_every_question_taken_apart_begins_with() -> None:
    writer = ScriptedGenerator({"": "甲办公室的价\n乙办公室的价"})
    assert parts.parts_of("甲办公室和乙办公室的价", writer, threading.Event()) == (
        "甲办公室的价",
        "乙办公室的价",
    )
    assert writer.requests[0].messages[:-1] == tuple(replace(m, lasting=0) for m in parts.examples())


def test_the_fixed_part_of_what_tells_of_replaced_documents_is_what_every_chat_begins_with() -> None:
    generator = Keeping()
    all_of(Ahead(Index(), KEPT), generator)
    *before, last = chat_of("replaced", {"title": "新规", "sentence": "《旧规》废止。", "named": "旧规"})
    *kept, end = generator.read_ahead[3]
    begin = end.content[: end.lasting]
    assert kept == before and last.content.startswith(begin) and begin.endswith("文件：《")
    assert last.lasting == end.lasting


def test_a_passage_that_the_question_cuts_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    index, generator = Index(), Keeping()
    text = "很长的一句话说个没完。" * (TOKENS // 10)
    index.docs = (replace(LEAVE, text=text),)  # type: ignore[assignment]
    monkeypatch.setattr(
        index, "passages", lambda _: [replace(passages_of(LEAVE)[0], text=text, start=0, end=len(text))]
    )
    assert all_of(Ahead(index, KEPT), generator) == EXAMPLES


def test_a_table_over_several_passages_is_read_whole_as_it_will_be_asked_of(tmp_path: Path) -> None:
    rows = "".join(f"| 设备{n:02} | {'很长的说明' * 6} | {n} |\n" for n in range(20))
    (tmp_path / "t.md").write_text(f"# 台账\n\n| 名称 | 说明 | 数量 |\n|---|---|---|\n{rows}", "utf-8")
    engine = Engine.open(EngineSettings(data=tmp_path / "d"), generator=Keeping(), encoder=FakeEncoder())
    engine.add([tmp_path / "t.md"])
    generator = engine.generator
    assert isinstance(generator, Keeping)
    (table,) = tables_at(engine.search("设备03", 1)[0], engine.library)
    block = block_of(table, engine.library)
    assert len(block.passages) > 1
    all_of(Ahead(engine.library, KEPT), generator)
    sent, _ = asked_of("哪些设备超过五台？", together(block, generator), again=True)
    whole = [m[-1].content[: m[-1].lasting] for m in generator.read_ahead]
    assert sent[-1].content[: sent[-1].lasting] in whole


def test_it_goes_on_where_it_was_stopped_and_again_when_the_index_has_changed() -> None:
    index, generator = Index(), Keeping()
    ahead, count = Ahead(index, KEPT), EXAMPLES + len(passages_of(LEAVE))
    assert ahead.read(generator, threading.Event())
    generator.stops = True
    with pytest.raises(Cancelled):
        ahead.read(generator, threading.Event())
    generator.stops = False
    assert all_of(ahead, generator) == count - 1 and len(set(generator.read_ahead)) == count
    assert not ahead.read(generator, threading.Event())
    index.fingerprint = "two"
    assert all_of(ahead, generator) == count


def test_it_ends_where_no_more_can_be_kept_or_the_engine_keeps_nothing() -> None:
    assert all_of(Ahead(Index(), KEPT), Keeping(room=1)) == 1
    assert not Ahead(Index(), KEPT).read(ScriptedGenerator(), threading.Event())


def test_what_was_read_of_a_document_goes_off_the_disk_with_it(tmp_path: Path) -> None:
    engine = Engine.open(EngineSettings(data=tmp_path / "d"), generator=Keeping(), encoder=FakeEncoder())
    files, kept = [tmp_path / "一.md", tmp_path / "二.md"], tmp_path / "d" / "kept" / "block"

    def left(change: object) -> bool:
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(b"keys")
        assert callable(change)
        change()
        return kept.exists()

    for file in files:
        file.write_text("# 休假\n\n工作满一年的有五天年休假。\n", "utf-8")
    engine.add(files[:1])
    read = [engine.read_ahead(threading.Event()) for _ in range(6)]
    assert read == [True] * 5 + [False], "the fixed parts of four prompts, and the passage"
    assert left(lambda: engine.add(files)), "one was added"
    files[0].write_text("# 休假\n\n工作满一年的有七天年休假。\n", "utf-8")
    assert not left(lambda: engine.add(files))
    assert not left(lambda: engine.remove(engine.documents()[0].id))


class Knowing(Keeping):
    """Has an adapter; so many tokens of what it is given to read are new."""

    adapts = True

    def __init__(self, new: int = 2) -> None:
        super().__init__()
        self._new = new

    def unread(self, messages: tuple[Message, ...], begin: int | None = None) -> int:
        assert begin == len(messages[-1].content.rpartition("\n\n")[0])
        return self._new

    def read_adapted(self, *args: object, **more: object) -> None:
        raise AssertionError("what is told is the test's")

    ends = read_adapted


def says(monkeypatch: pytest.MonkeyPatch, *odds: float) -> list[float]:
    """Have the adapter tell these one after the other; those that were not asked for."""
    left = list(odds)
    monkeypatch.setattr("qa.rerank.told", lambda *args, **more: Told(left.pop(0), 0.0, (), ()))
    return left


@pytest.mark.parametrize("unread, asked", [(2, 2), (10_000, 1)])
def test_what_was_read_before_costs_nothing_of_the_budget(
    monkeypatch: pytest.MonkeyPatch, unread: int, asked: int
) -> None:
    left = says(monkeypatch, 0.0, 0.0)
    generator = Knowing(unread)
    hits = [Hit(passage, LEAVE, 0.5) for passage in passages_of(LEAVE)[:2]]
    windows = [
        Window(narrow(h), h.passage.start, h.passage.text, Reading(0.5, (0, 2), 0.5, ())) for h in hits
    ]
    budget = material(hits[0], hits[0].passage.start, generator).tokens + 2
    reranked("年休假有几天？", windows, generator, Budget(budget), threading.Event())
    assert len(left) == 2 - asked


def test_passages_are_asked_of_while_one_may_still_become_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, 5.0, 0.0)
    both = zip(passages_of(LEAVE)[:2], (0.6, 0.5), strict=True)
    hits = [Hit(passage, LEAVE, score) for passage, score in both]
    windows = [
        Window(narrow(h), h.passage.start, h.passage.text, Reading(0.5, (0, 2), 0.5, ())) for h in hits
    ]
    ranked, drafts = reranked("年休假有几天？", windows, Knowing(), Budget(10_000), threading.Event())
    assert [window.told for window in ranked] == [5.0, 0.0] and len(drafts) == 1, "one told so much is enough"


def test_doubtful_sentences_are_read_before_anybody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    from test_qa_suspected import PLAIN, Told, doubting

    class Both(Told, Keeping):
        def __init__(self) -> None:
            Keeping.__init__(self)
            Told.__init__(self)

    doubting(monkeypatch)
    generator, index = Both(), Index()
    index.docs = (replace(LEAVE, text=f"{PLAIN}电费由火星承担，别的都不作数。", sha256="doubted"),)
    ahead = Ahead(index, KEPT)
    all_of(ahead, generator)
    assert generator.read_ == ["电费由火星承担，别的都不作数。"]
    assert index.orders.struck(index.docs[0])[0].start == len(PLAIN)
