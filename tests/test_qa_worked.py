"""What is worked out of running text: what the model writes is scripted; which figures and items it may be
about, and what comes out, is ours."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from fake_encoder import FakeEncoder
from fake_reader import ScriptedReader
from fakes import ScriptedGenerator

from errors import Cancelled
from index.types import Hit
from qa.context import Context, Limits, build_context
from qa.engine import Engine
from qa.kinds.worked import Worked, _holds, borne_out, examples, worked_out
from qa.settings import EngineSettings
from qa.types import State

HOSTEL = """# 青年旅舍管理规定

## 一、收费

单人间每间每天120元，双人间每间每天180元；淡季打8折。三号楼共有单人间40间、双人间25间。洗衣每桶6元，被褥押金约200元。
旺季床位费上调12%，淡季下调5%。上年全年收入86万元，今年全年收入1,020,000元。扩建用去75万元，设备用去50万元，每间改造2.5万元。

## 二、退房

逾期三天的、损坏家具的和转借他人的，取消入住资格。

办理入住要带：（1）身份证；（2）介绍信；（3）照片。

存在的不足：一是房源偏紧；二是设施老旧；三是人手不够。

## 三、时间

报名从3月5日开始，4月15日截止。暑期班从2024年7月1日到2024年7月31日。

| 项目 | 费用（元） | 水费 |
|---|---|---|
| 大房 | 300 | 4元/吨 |
| 小房 | 200 | 3元/吨 |
"""


@pytest.fixture(scope="module")
def hits(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Hit]:
    folder = tmp_path_factory.mktemp("hostel")
    (folder / "hostel.md").write_text(HOSTEL, "utf-8")
    engine = Engine.open(
        EngineSettings(data=folder / "data"),
        encoder=FakeEncoder(),
        generator=ScriptedGenerator(),
        reader=ScriptedReader(),
    )
    engine.add([folder / "hostel.md"])
    return engine.search("旅舍 单人间 收费 逾期 报名 大房", 9)


def context_of(hits: Sequence[Hit]) -> Context:
    worth = {hit.passage.id: (0.0, hit.passage.start) for hit in hits}
    return build_context(hits, worth, len, Limits(9000, 9, 1.0))


def asked(
    hits: Sequence[Hit], writes: str, question: str = "单人间和双人间", logprob: float = -0.05
) -> Worked | None:
    writer = ScriptedGenerator({"": writes}, logprob=logprob)
    return worked_out(question, context_of(hits), writer, threading.Event())


@pytest.mark.parametrize(
    ("writes", "question", "total", "unit", "shown"),
    [
        ("单人间 = 40间\n双人间 = 25间\n答案 = 单人间 + 双人间", "", 65, "间", "40间 + 25间"),
        ("单人房间数 = 40间\n双人房间数 = 25间\n答案 = 单人间 + 双人间", "", 65, "间", "40间 + 25间"),
        # A difference has no sign, whichever way round it was written.
        ("单人间数 = 40间\n双人间数 = 25间\n答案 = 双人间数 - 单人间数", "", 15, "间", "40间 − 25间"),
        (
            "单人间 = 40间\n双人间 = 25间\n单人间 - 双人间 = 40间 - 25间 = 15间\n答案 = 15间",
            "",
            15,
            "间",
            "40间 − 25间",
        ),
        # A figure of the question times a price for each of it; a result that is written beside it is ours.
        (
            "双人间每间每天 = 180元\n间数 = 3间\n天数 = 2天\n答案 = 双人间每间每天 * 间数 * 天数 = 999元",
            "3间双人间住2天",
            1080,
            "元",
            "180元 × 3间 × 2天",
        ),
        ("间数 = 3间\n答案 = (3间 + 2间) * 120元", "3间和2间单人间", 600, "元", "（3间 + 2间） × 120元"),
        # Written out again, without a name, or with its unit's price.
        ("洗衣每桶 = 6元\n桶数 = 7桶\n6 * 7", "洗7桶", 42, "元", "6元 × 7桶"),
        ("答案 = 4元/吨 * 9吨", "大房用水9吨", 36, "元", "4元 × 9吨"),
        ("大房 = 300元\n小房 = 200元\n答案 = 大房 - 小房", "", 100, "元", "300元 − 200元"),
        ("上调 = 12%\n下调 = 5%\n答案 = 上调 - 下调", "", 7, "个百分点", "12% − 5%"),
        ("扩建 = 75万元\n设备 = 50万元\n答案 = 扩建 - 设备", "", 25, "万元", "75万元 − 50万元"),
        ("每间改造 = 2.5万元\n间数 = 40间\n答案 = 每间改造 * 间数", "", 100, "万元", "2.5万元 × 40间"),
        ("今年 = 1,020,000元\n上年 = 86万元\n答案 = 今年 - 上年", "", 160000, "元", "1,020,000元 − 86万元"),
        (
            "单人间 = 120元\n旺季上调 = 12%\n答案 = 单人间 * 旺季上调",
            "",
            Decimal("14.4"),
            "元",
            "120元 × 12%",
        ),
        ("大房 = 300元\n单人间 = 120元\n答案 = 大房 / 单人间", "", Decimal("2.5"), "", "300元 ÷ 120元"),
    ],
)
def test_figures_that_stand_there_are_computed_with_their_units(
    hits: Sequence[Hit], writes: str, question: str, total: int, unit: str, shown: str
) -> None:
    found = asked(hits, writes, question or "单人间和双人间")
    assert found and (found.what, found.total, found.unit, found.shown) == ("figure", total, unit, shown)
    assert found.places and all(p.document.text[p.start : p.end] == p.text for p in found.places)


@pytest.mark.parametrize(
    "writes",
    [
        "答案 = None",
        "单人间 = 40间\n答案 = 单人间",
        "单人间 = 41间\n双人间 = 25间\n答案 = 单人间 + 双人间",  # no such figure
        "单人间 = 40间\n双人间 = 180元\n答案 = 单人间 + 双人间",  # units
        "单人间 = 40间\n双人间 = 25间\n答案 = 单人间 * 双人间",  # no price for each
        "单人间 = 120元\n双人间 = 180元\n间 = 40间\n答案 = 单人间 + 双人间",  # told and not used
        "押金 = 200元\n洗衣 = 6元\n答案 = 押金 + 洗衣",  # about so much
        "单人间 = 40间\n三号楼 = 40间\n答案 = 单人间 + 三号楼",  # the same figure twice
        "空调 = 6元\n单人间 = 120元\n答案 = 押金 + 单人间",
        "单人间 = 40间\n答案 = 单人间 +",
        "单人间数 = 40间\n双人间数 = 25间\n答案 = 人间 + 双人间数",  # fits both
        "单人间 = 40间\n答案 = (单人间 + 25间",
        "答案 = 甲间 + 乙间",
        "有几间",
        "",
    ],
)
def test_what_does_not_stand_there_or_does_not_fit_is_not_computed(hits: Sequence[Hit], writes: str) -> None:
    assert asked(hits, writes) is None


def test_the_judge_looks_at_what_each_figure_is_said_to_be(hits: Sequence[Hit]) -> None:
    class Doubting:
        def __init__(self, doubted: str) -> None:
            self.doubted = doubted

        def supports(
            self, evidence: str, statements: Sequence[str], cancelled: threading.Event
        ) -> list[float]:
            assert "三号楼共有单人间40间" in evidence
            return [0.1 if statement == self.doubted else 0.9 for statement in statements]

        def state(self, probability: float) -> State:
            return "supported" if probability > 0.5 else "unsupported"

    found = asked(hits, "单人间数 = 40间\n双人间数 = 25间\n答案 = 单人间数 + 双人间数")
    assert found is not None and found.claims == ("单人间数是40间。", "双人间数是25间。")
    for doubted, right in (("", True), ("双人间数是25间。", False)):
        assert borne_out(found, context_of(hits), Doubting(doubted), threading.Event()) == right
    assert borne_out(found, context_of(hits), None, threading.Event())


def test_what_the_model_is_not_sure_of_is_not_computed(hits: Sequence[Hit]) -> None:
    writes = "单人间 = 40间\n双人间 = 25间\n答案 = 单人间 + 双人间"
    assert asked(hits, writes) and asked(hits, writes, logprob=-9.0) is None


@pytest.mark.parametrize(
    ("items", "total", "places"),
    [
        (["逾期三天的", "损坏家具的", "转借他人的"], 3, 1),
        (["身份证", "介绍信", "照片"], 3, 3),
        (["房源偏紧", "设施老旧", "人手不够"], 3, 1),
        (["逾期三天的", "损坏家具的"], 0, 0),  # not the whole of it
        (["损坏家具的", "转借他人的"], 0, 0),
        (["身份证", "介绍信"], 0, 0),
        (["逾期三天的", "损坏家具的", "偷东西的"], 0, 0),
        (["身份证", "照片", "介绍信"], 0, 0),
        (["房源偏紧", "身份证"], 0, 0),
        (["逾期三天的"], 0, 0),
    ],
)
def test_items_are_counted_where_they_are_a_whole_enumeration(
    hits: Sequence[Hit], items: list[str], total: int, places: int
) -> None:
    told = ", ".join(f'"{item}"' for item in items)
    found = asked(hits, f"情况 = [{told}]\n答案 = len(情况)")
    assert (int(found.total), len(found.places)) == (total, places) if found else total == 0


def test_rows_of_which_the_question_names_some_are_not_all_of_what_is_counted(hits: Sequence[Hit]) -> None:
    told = '情况 = ["大房", "小房"]\n答案 = len(情况)'
    assert asked(hits, told, "房一共几种") and asked(hits, told, "水费3元/吨的房一共几种") is None


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("3月5日", "4月15日", 41),
        ("2024年7月1日", "2024年7月31日", 30),
        ("4月15日", "3月5日", None),  # the wrong way round
        ("3月5日", "4月16日", None),  # no such day
        ("3月5日", "4月", None),
    ],
)
def test_days_from_one_to_another(hits: Sequence[Hit], start: str, end: str, days: int | None) -> None:
    found = asked(hits, f'开始 = date("{start}")\n结束 = date("{end}")\n答案 = days(开始, 结束)')
    assert (found and (found.what, int(found.total))) == (("days", days) if days else None)


def test_a_calculation_begins_with_what_was_read_ahead(hits: Sequence[Hit]) -> None:
    writer = ScriptedGenerator({"": "答案 = None"})
    worked_out("问", context_of(hits), writer, threading.Event())
    *sent, last = writer.requests[0].messages
    *before, end = examples()
    assert sent == before and end.lasting > 0 and last.content.startswith(end.content[: end.lasting])


def test_one_that_is_stopped_says_so(hits: Sequence[Hit]) -> None:
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(Cancelled):
        worked_out("问", context_of(hits), ScriptedGenerator({"": "答案 = 1 + 2"}), stopped)


@pytest.mark.parametrize(
    ("question", "total"),
    [("单人间和双人间一天一共多少钱", 300), ("两种房一天一共多少钱", 300), ("住一天一共多少钱", None)],
)
def test_variants_of_one_thing_are_put_together_where_the_question_says_so(
    hits: Sequence[Hit], question: str, total: int | None
) -> None:
    """Else the model has taken all that stood there."""
    found = asked(
        hits,
        "单人间每间每天 = 120元\n双人间每间每天 = 180元\n答案 = 单人间每间每天 + 双人间每间每天",
        question,
    )
    assert (found and int(found.total)) == total


@pytest.mark.parametrize(
    ("writes", "total"),
    [
        ("单人间每间每天 = 120元\n双人间每间每天 = 180元\n答案 = 双人间每间每天 - 单人间每间每天", 60),
        ("答案 = 120元 + 180元", None),
    ],
    ids=["a difference of two of one thing", "figures of which nobody says what they are"],
)
def test_what_is_put_together_without_saying_what_it_is(
    hits: Sequence[Hit], writes: str, total: int | None
) -> None:
    found = asked(hits, writes, "一天差多少钱")
    assert (found and int(found.total)) == total


@pytest.mark.parametrize(("told", "asked_of"), [("费用", 0), ("押金", 2)], ids=["its column", "another"])
def test_nobody_is_asked_of_a_cell_that_is_said_to_be_what_its_column_and_row_say(
    hits: Sequence[Hit], told: str, asked_of: int
) -> None:
    writes = f"大房{told} = 300元\n小房{told} = 200元\n答案 = 大房{told} - 小房{told}"
    found = asked(hits, writes, "大房比小房贵多少")
    assert found is not None and found.total == 100 and len(found.claims) == asked_of


SHED = """# 苗圃大棚建设合同

投资总额为240万元，分三次支付。大棚面积约600平方米。

签约后支付投资总额的30%作为首付款。

验收后支付投资总额的65%（156万元）。

面积误差不超过大棚面积的3%。逾期每日按未付部分的0.5‰计息。
"""


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("首付款", "推算为72万元（240万元 × 30%）"),
        ("156万元", ""),  # the sentence says it itself
        ("误差", ""),  # of about so much
        ("计息", ""),  # of an amount that is not stated
        ("分三次", ""),
    ],
)
def test_a_share_of_an_amount_that_is_stated_is_worked_out(tmp_path: Path, word: str, told: str) -> None:
    (tmp_path / "a.md").write_text(SHED, "utf-8")
    engine = Engine.open(
        EngineSettings(data=tmp_path / "data"),
        encoder=FakeEncoder(),
        generator=ScriptedGenerator({"": "没有写明。"}),
        reader=ScriptedReader(answers={"大棚合同": (word,)}),
    )
    engine.add([tmp_path / "a.md"])
    text = engine.answer("大棚合同").text
    assert text.startswith(told) if told else "推算" not in text


def test_what_is_said_twice_is_added_once(tmp_path: Path) -> None:
    text = "# 信息化\n\n智慧苗圃二期项目流标。下一步建成智慧苗圃二期项目。东棚有72个插口，北棚有48个插口。"
    (tmp_path / "a.md").write_text(text, "utf-8")
    phases, plugs = "智慧项目一共几期", "几个棚一共多少插口"
    engine = Engine.open(
        EngineSettings(data=tmp_path / "data"),
        encoder=FakeEncoder(),
        generator=ScriptedGenerator({"": "没有写明。"}),
        reader=ScriptedReader(operations={q: ("sum", "none") for q in (phases, plugs)}),
    )
    engine.add([tmp_path / "a.md"])
    assert "合计" not in engine.answer(phases).text
    assert engine.answer(plugs).text.startswith("合计120个插口（72个 + 48个）")


@pytest.mark.parametrize(
    ("question", "writes", "total"),
    [
        ("大房和小房一共多少钱", "大房费用 = 300元\n小房费用 = 200元\n答案 = 大房费用 + 小房费用", 500),
        ("大房各项一共多少", "大房费用 = 300元\n大房水费 = 4元\n答案 = 大房费用 + 大房水费", 304),
        ("大房和小房一共多少钱", "大房费用 = 300元\n小房水费 = 3元\n答案 = 大房费用 + 小房水费", None),
        ("大房的费用一共多少", "大房费用 = 300元\n小房费用 = 200元\n答案 = 大房费用 + 小房费用", None),
    ],
    ids=["a column", "a row", "several of both", "a row that is not meant"],
)
def test_what_is_added_up_of_a_table_stands_in_one_row_or_one_column(
    hits: Sequence[Hit], question: str, writes: str, total: int | None
) -> None:
    found = asked(hits, writes, question)
    assert (int(found.total) if found else None) == total


@pytest.mark.parametrize(
    ("cell", "figure", "holds"), [("20", "20", True), ("20人", "20", True), ("2022年9月", "20", False)]
)
def test_a_cell_holds_a_figure_and_not_the_beginning_of_a_longer_one(
    cell: str, figure: str, holds: bool
) -> None:
    assert _holds(cell, figure) == holds
