"""The report: self-contained, escaped, complete, honest about split and n; and the Markdown table."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from eval_fakes import AlwaysAnswers, HonestEngine
from test_eval_runner import garden

from errors import EvalError
from eval.metrics.stats import Figure
from eval.report import html, plots, write_html
from eval.report.markdown import table
from eval.report.page import REPORTS
from eval.runfolder import RunFolder
from eval.runner import RunOptions, run
from eval.tasks.types import Context, Item

EVIL = "<script>alert(1)</script>\"'&"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, RunFolder]:
    task, files = garden()
    files["evil.txt"] = f"毒草{EVIL}苗圃共培育幼苗3株。"
    evil = Item(
        "evil" + EVIL, f"毒草{EVIL}苗圃共培育幼苗多少株？", ("5株" + EVIL,), answerable=True, type=EVIL
    )
    task = replace(
        task,
        items=(*task.items, evil),
        contexts=(*task.contexts, Context("evil.txt", files["evil.txt"])),
        title="苗圃" + EVIL,
    )
    base = tmp_path_factory.mktemp("runs")
    first = run(task, HonestEngine(files), RunOptions(base / "a", command="wenju eval run garden " + EVIL))
    return first, run(task, AlwaysAnswers(files), RunOptions(base / "b"))


class Page(HTMLParser):
    """Tags with attributes; fails on tags that are not closed in order."""

    VOID = {"meta", "input", "line", "circle", "rect", "polyline", "br"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    return page


def test_page_asks_nothing_of_the_outside(runs: tuple[RunFolder, RunFolder]) -> None:
    page = parsed(html(list(runs)))
    attributes = [(name, value or "") for _, attrs in page.tags for name, value in attrs.items()]
    assert not [a for a in attributes if a[0] in ("src", "href", "action", "data") or a[0].startswith("on")]
    assert not re.search(
        r"https?://|url\(|@import|fetch\(|XMLHttp", html(list(runs)).replace("http-equiv", "")
    )
    policy = next(a["content"] for t, a in page.tags if t == "meta" and a.get("http-equiv"))
    assert policy is not None and policy.startswith("default-src 'none'")


def test_every_text_is_escaped(runs: tuple[RunFolder, RunFolder]) -> None:
    text = html([runs[0]])
    assert "<script>alert" not in text and "&lt;script&gt;alert(1)" in text
    assert sum(tag == "script" for tag, _ in parsed(text).tags) == 1


def test_every_question_is_there_with_verdict_and_gold(runs: tuple[RunFolder, RunFolder]) -> None:
    text = html([runs[0]])
    cards = [attrs for tag, attrs in parsed(text).tags if tag == "article"]
    assert len(cards) == 21
    assert {c["data-verdict"] for c in cards} == {"right", "refused_right", "wrong"}
    for wanted in (
        "松树苗圃共培育幼苗多少株？",
        "200株",
        "文档中没有答案，应当拒答",
        "拒答正确",
        "依据排在第 1 位",
    ):
        assert wanted in text


def test_headline_tells_split_n_and_interval(runs: tuple[RunFolder, RunFolder]) -> None:
    text = html([runs[0]])
    assert "报告用题（未参与调参）" in text and "21 题中答对 20 题" in text and "95% 区间" in text
    assert text.count("<svg") > 8 and 'aria-label="检索命中率"' not in text.split("<table")[1]
    assert "AURC" in text and "wenju eval run garden" in text


def test_english(runs: tuple[RunFolder, RunFolder]) -> None:
    text = html([runs[0]], "en")
    assert "20 of 21 questions right" in text and "Hallucination rate" in text and 'lang="en"' in text


def test_several_runs_side_by_side(runs: tuple[RunFolder, RunFolder]) -> None:
    text = html(list(runs))
    changed = [attrs for tag, attrs in parsed(text).tags if tag == "article" and "data-changed" in attrs]
    assert len(changed) == 4 and 'id="changed"' in text
    assert 'class="bar s1"' in text and 'class="line s1"' in text


def test_runs_of_different_tasks_are_refused(runs: tuple[RunFolder, RunFolder], tmp_path: Path) -> None:
    task, files = garden()
    other = run(replace(task, name="other"), HonestEngine(files), RunOptions(tmp_path / "o"))
    with pytest.raises(EvalError, match="different tasks: garden, other"):
        html([runs[0], other])


def test_unfinished_run_says_so(tmp_path: Path) -> None:
    from eval.scoring import score_run

    task, files = garden()

    def stop(done: int, total: int, record: object) -> None:
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(task, HonestEngine(files), RunOptions(tmp_path / "r"), stop)
    folder = score_run(RunFolder(tmp_path / "r"))
    assert "未做完：7 / 20 题" in html([folder])


def test_write_and_overwrite(runs: tuple[RunFolder, RunFolder], tmp_path: Path) -> None:
    out = write_html([runs[0]], tmp_path / "deep" / "r.html")
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    (tmp_path / "file").write_text("")
    with pytest.raises(EvalError, match="cannot write"):
        write_html([runs[0]], tmp_path / "file" / "r.html")


def test_markdown_has_figures_and_commands(runs: tuple[RunFolder, RunFolder]) -> None:
    text = table(list(runs))
    row = next(line for line in text.splitlines() if line.startswith("| 答对 |"))
    assert re.search(r"95\.2% \[77\.3%, 99\.2%\] n=21 \| 76\.2% \[", row)
    assert "`wenju eval run garden" in text
    assert "n=16，未计分 5" in next(line for line in text.splitlines() if "hit@1 |" in line)
    lengths = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert len(lengths) == 1


def drawn(plot: plots.Plot | None) -> str:
    return str(REPORTS._environment.get_template("svg.html").module.svg(plot))  # type: ignore[attr-defined]


def test_plots_hold_their_frame() -> None:
    assert plots.ticks(0, 1, 6) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert plots.ticks(0, 0, 5)
    assert plots.risk_coverage([[]], "x", "y") is None and plots.bars([], "b") is None
    whole = Figure(1.0, 1.0, 1.0, 5)
    for plot in (
        plots.risk_coverage([[[0.1, 0.0], [1.0, 0.4]]], "x", "y"),
        plots.bars([("甲<", [whole, None])], "b"),
    ):
        page = parsed(drawn(plot))
        width, height = (float(v) for v in str(page.tags[0][1]["viewbox"]).split()[2:])
        for _, attrs in page.tags:
            for name, limit in (
                ("x", width),
                ("x1", width),
                ("x2", width),
                ("cx", width),
                ("y", height),
                ("y1", height),
                ("y2", height),
                ("cy", height),
            ):
                if name in attrs:
                    assert -0.5 <= float(str(attrs[name])) <= limit + 0.5
    assert "甲&lt;" in drawn(plots.bars([("甲<", [whole])], "b"))
