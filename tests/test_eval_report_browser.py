"""The report in a browser: filters work, nothing is requested, the page fits a phone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from eval_fakes import AlwaysAnswers, HonestEngine
from test_eval_runner import garden

from eval.report import write_html
from eval.runner import RunOptions, run

CHROMIUM = shutil.which("chromium")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_filters_and_layout(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    task, files = garden()
    runs = [
        run(task, engine(files), RunOptions(tmp_path / name))
        for name, engine in (("a", HonestEngine), ("b", AlwaysAnswers))
    ]
    page_file = write_html(runs, tmp_path / "report.html")
    with sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 390, "height": 800})
        requested: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(page_file.as_uri())
        shown = page.locator(".card:visible")
        assert shown.count() == 20 and page.inner_text("#count") == "显示 20 题"
        page.click(".chip.v-refused_right")
        assert shown.count() == 4 and page.inner_text("#count") == "显示 4 题"
        page.click(".chip >> nth=0")
        page.select_option("#kind", "count")
        assert shown.count() == 16
        page.fill("#find", "松树 200株")
        assert shown.count() == 1
        page.fill("#find", "")
        page.select_option("#kind", "")
        page.check("#changed")
        assert shown.count() == 4
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert requested == [page_file.as_uri()] and complaints == []
        browser.close()
