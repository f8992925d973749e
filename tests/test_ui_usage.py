"""The administrator's page: what is counted, what is left out, who may see it, and that names show under
audit alone."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from databases import ANSWER, REFUSAL, exchange
from fake_corpus import LEAVE, SEAL, TRAVEL, fake_engine
from fastapi.testclient import TestClient
from hostile import PAYLOADS
from markupsafe import escape
from page_fakes import OURS, who

from index.orders import Suspect
from qa.types import Refusal
from ui.admin_page import SHOWN
from ui.app import create_app
from ui.settings import UiSettings
from ui.storage import Store
from ui.storage_types import Asked, Feedback, now
from ui.texts import Texts
from ui.usage import Sheet, Span, sheets, to_csv, totals

TODAY = date(2026, 3, 12)  # a Thursday
ZH = Texts("zh")


def at(days: int) -> str:
    return datetime.combine(TODAY - timedelta(days=days), datetime.min.time(), UTC).isoformat()


def asked(question: str, days: int = 0, **given: Any) -> Asked:
    return Asked(at(days), question, given.pop("status", "done"), **given)


def table(span: Span, name: str, documents: Any = (), data: Path = Path("none")) -> Sheet:
    return next(s for s in sheets(span, documents, data, None, ZH, "/w") if s.name == name)


def span(rows: Any = (), said: Any = (), weeks: int = 2, names: bool = True) -> Span:
    return Span.of(rows, said, weeks, names=names, today=TODAY)


def test_weeks_begin_on_mondays_and_none_is_left_out() -> None:
    rows = [
        asked("甲", 0, seconds=2.0),
        asked("乙", 3, reason="no_evidence", seconds=1.0),
        asked("丙", 4, status="failed"),
        asked("丁", 10, seconds=9.0),
        asked("太早", 11),
    ]
    found = table(span(rows, weeks=3), "weeks")
    assert [row[:6] for row in found.rows] == [
        ("2026-03-09", 2, 1, 1, 0, 0),
        ("2026-03-02", 2, 1, 0, 1, 0),
        ("2026-02-23", 1, 1, 0, 0, 0),
    ]
    assert found.rows[0][6:] == (1.5, 1.9) or found.rows[0][6:] == (1.5, 2.0)
    assert totals(span(rows, weeks=2))["asked"] == 4, "what is before the first Monday is not counted"


def test_small_talk_counts_nowhere() -> None:
    """Not among what was asked, and above all not among what found nothing, also where the program refused
    it."""
    rows = [
        asked("你好", kind="chat"),
        asked("你是谁", kind="about", reason="not_answered"),
        asked("食堂几点开门？", reason="not_answered"),
    ]
    talk = replace(ANSWER, question="你好", kind="chat", retrieved=(), sentences=ANSWER.sentences[:1])
    found = span(rows, [Feedback("c", "e", "li", "down", at(0), ("other",), "", talk)])
    assert totals(found)["asked"] == 1 and [row[0] for row in table(found, "missed").rows] == [
        "食堂几点开门？"
    ]
    assert table(found, "wrong").rows == () and [row[0] for row in table(found, "asked").rows] == [
        "食堂几点开门？"
    ]


def test_unanswered_are_counted_together_under_their_latest_wording() -> None:
    rows = [
        asked("停车位怎么申请？", 1, reason="no_evidence"),
        asked("食堂几点开门？", 2, reason="not_answered"),
        asked("食堂 几点开门", 1, reason="not_answered"),
    ]
    assert table(span(rows), "missed").rows == (
        ("食堂 几点开门", 2, "文档中没有写明", "2026-03-11"),
        ("停车位怎么申请？", 1, "文档中没有找到", "2026-03-11"),
    )


def test_gaps_and_wrong_answers_are_told_apart_and_names_show_with_audit_alone() -> None:
    gap = Feedback(
        "c", "e1", "王", "down", at(0), ("gap",), "要补", replace(REFUSAL, question="食堂几点开门？")
    )
    bad = Feedback("c", "e2", "李", "down", at(1), ("wrong_answer", "gap"), "天数不对", ANSWER)
    good = Feedback("c", "e3", "赵", "up", at(1), (), "", ANSWER)
    found = span((), [gap, bad, good])
    assert table(found, "gaps").rows == (
        ("食堂几点开门？", 1, "2026-03-12", "要补"),
        (ANSWER.question, 1, "2026-03-11", "天数不对"),
    )
    assert table(found, "wrong").rows == (
        (ANSWER.question, "答案不对，文档缺内容", "天数不对", "2026-03-11", "李"),
    )
    quiet = span((), [gap, bad, good], names=False)
    assert "who" not in table(quiet, "wrong").columns
    assert not any(
        name in str(s.rows)
        for s in sheets(quiet, (), Path("none"), None, ZH, "")
        for name in ("王", "李", "赵")
    )


def test_documents_that_no_answer_cited() -> None:
    documents = fake_engine().documents()
    found = table(span([asked("甲", documents=(LEAVE.id, SEAL.id))]), "uncited", documents)
    assert TRAVEL.title in [row[0] for row in found.rows] and LEAVE.title not in [
        row[0] for row in found.rows
    ]
    assert (
        f"/w/documents/{TRAVEL.id}" in found.links
        and len(found.links) == len(found.rows) == len(documents) - 2
    )


def test_slowest_first(tmp_path: Path) -> None:
    rows = [asked("快", seconds=0.4), asked("慢", seconds=12.34), asked("无")]
    assert [row[:2] for row in table(span(rows), "slow").rows] == [("慢", 12.3), ("快", 0.4)]


def test_disk_by_part(tmp_path: Path) -> None:
    (tmp_path / "index" / "g1").mkdir(parents=True)
    (tmp_path / "index" / "g1" / "a.bin").write_bytes(b"x" * 3 * 2**20)
    (tmp_path / "wenju.db-wal").write_bytes(b"x" * 2**20)
    rows = dict(row for row in table(span(), "disk", data=tmp_path).rows)
    assert rows["索引"] == 3.0 and rows["对话与记录"] == 1.0 and float(rows["可用"]) > 0  # type: ignore[arg-type]


def test_a_spreadsheet_calculates_nothing_and_reads_chinese() -> None:
    made = to_csv(
        Sheet("asked", ("question", "times", "last"), (("=1+1", 2, "x"), ('@a,"b"\n丙', 1, "-2"))), ZH
    )
    assert made.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(made.decode("utf-8-sig")))) == [
        ["问题", "次数", "最近一次"],
        ["'=1+1", "2", "x"],
        ['\'@a,"b"\n丙', "1", "'-2"],
    ]


@pytest.fixture(params=[True, False], ids=["audit", "no audit"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[TestClient, Store]]:
    store = Store.open("", tmp_path, audit=request.param)
    engine = fake_engine(settings=SimpleNamespace(data=tmp_path))
    settings = UiSettings(originals=tmp_path / "originals", audit=request.param)
    with TestClient(create_app(settings, engine, store, who)) as client:  # type: ignore[arg-type]
        yield client, store
    store.close()


def test_the_page_and_its_exports(served: tuple[TestClient, Store], request: pytest.FixtureRequest) -> None:
    client, store = served
    audit = "no audit" not in request.node.name
    store.save("王某", "c1", exchange("e1"))
    store.save("王某", "c1", exchange("e2", "食堂几点开门？", replace(REFUSAL, question="食堂几点开门？")))
    store.save("王某", "c1", exchange("e3", "你好", replace(ANSWER, kind="chat", sentences=(), retrieved=())))
    store.record(
        "robot",
        exchange("e5", "停车位怎么申请？", replace(REFUSAL, id="a5", refusal=Refusal("no_evidence", "没有"))),
        "api",
    )
    answer = {
        "conversation": "c1",
        "exchange": "e1",
        "verdict": "down",
        "reasons": ["wrong_answer"],
        "comment": "不全",
    }
    assert client.post("/page/feedback", json=answer, headers=OURS | {"x-test-user": "li"}).status_code == 404
    store.add_feedback(Feedback("c1", "e1", "王某", "down", now(), ("wrong_answer",), "不全", ANSWER))
    store.add_feedback(
        Feedback("c1", "e2", "王某", "down", now(), ("gap",), "", replace(REFUSAL, question="食堂几点开门？"))
    )
    page = client.get("/admin").text
    for wanted in (
        "食堂几点开门？",
        "停车位怎么申请？",
        "不全",
        TRAVEL.title,
        'href="/admin"',
        "对话与记录",
        "2.6",
    ):
        assert wanted in page, wanted
    assert "你好" not in page and "robot" not in page and ("王某" in page) == audit
    missed = client.get("/admin/missed.csv")
    assert (
        missed.headers["content-type"].startswith("text/csv")
        and "wenju-missed-" in missed.headers["content-disposition"]
    )
    assert {row[0] for row in csv.reader(io.StringIO(missed.content.decode("utf-8-sig")))} == {
        "问题",
        "食堂几点开门？",
        "停车位怎么申请？",
    }
    assert ("王某" in client.get("/admin/wrong.csv").text) == audit
    for name in re.findall(r'href="/admin/(\w+)\.csv', page):
        assert client.get(f"/admin/{name}.csv").status_code == 200
    assert (
        client.get("/admin/none.csv").status_code == 404 and client.get("/admin?weeks=0").status_code == 422
    )


def test_it_is_for_administrators(served: tuple[TestClient, Store]) -> None:
    client, _ = served
    for name, status in (("li", 403), ("visitor", 403), ("nobody", 401)):
        for path in ("/admin", "/admin/weeks.csv"):
            assert client.get(path, headers={"x-test-user": name}).status_code == status
    assert 'href="/admin"' not in client.get("/documents", headers={"x-test-user": "li"}).text


def test_without_a_store_and_in_english() -> None:
    with TestClient(create_app(UiSettings(), fake_engine(), Store.in_memory(), who)) as client:  # type: ignore[arg-type]
        page = client.get("/admin?lang=en&weeks=12").text
    assert "Nothing was asked." in page and "The last 12 weeks" in page


def test_hostile_questions_and_titles_stay_text(served: tuple[TestClient, Store]) -> None:
    client, store = served
    for n, payload in enumerate(PAYLOADS):
        refused = replace(REFUSAL, question=payload)
        store.save("a", "c1", exchange(f"e{n}", payload, refused))
        store.add_feedback(
            Feedback("c1", f"e{n}", payload, "down", now(), ("gap", "other"), payload, refused)
        )
    page = client.get("/admin").text
    assert not any(re.search("[<>]", payload) and payload in page for payload in PAYLOADS)
    shown = [payload for payload in PAYLOADS if str(escape(payload)) in page]
    assert len(shown) >= SHOWN, "a sheet shows as many; the others are behind the export"
    assert not re.search(r"<(img|svg|iframe|form|style|base|body [a-z])", page.split("<main>")[1])


def test_what_reads_like_an_order_is_shown_with_its_place_and_does_nothing(
    served: tuple[TestClient, Store],
) -> None:
    client, _ = served
    engine = client.app.state.engine  # type: ignore[attr-defined]
    assert "没有发现。" in client.get("/admin").text
    passage = engine.passages(LEAVE.id)[0]
    orders = PAYLOADS[:6]
    engine.flagged = tuple(
        Suspect(replace(LEAVE, text=""), replace(passage, text=payload), 0.98765) for payload in orders
    )
    page = client.get("/admin").text
    assert "读来像给程序下命令的段落" in page and page.count("0.99") == len(orders)
    assert not any(payload in page for payload in orders)
    assert page.count(f"/documents/{LEAVE.id}?start={passage.start}&amp;end={passage.end}#span") == len(
        orders
    )
    rows = list(csv.reader(io.StringIO(client.get("/admin/orders.csv").content.decode("utf-8-sig"))))
    assert [(row[0], row[2]) for row in rows[1:]] == [(LEAVE.title, "0.99")] * len(orders)


def test_records_from_before_have_no_times_and_still_count(tmp_path: Path) -> None:
    """A database in which only the older table was written."""
    from sqlalchemy import text

    store = Store.open("", tmp_path)
    store.save("a", "c1", exchange("e1"))
    with store.database.begin() as c:
        c.execute(text("DROP TABLE wenju_outcomes"))
    store.close()
    again = Store.open("", tmp_path)
    (row,) = again.asked()
    assert (row.question, row.seconds, row.documents, row.kind) == ("年休假怎么申请？", None, (), "")
    again.close()
