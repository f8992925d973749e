"""Take the pictures of docs/pictures anew: python tests/pictures.py [--server URL] [--only 03,09] [--out
FOLDER]

The main states of the running page, each by a function below named after its file. Those of one server show
the default models over the sample corpus (``--server``: one that runs already; else it is started here); the
others are taken over the scripted engine and invented office documents, since a model cannot be made to err
on demand. Needs Debian's Chromium, pillow and the models.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(ROOT)]

from browser import Served, Tab, chromium, free_port, portal  # noqa: E402

ASKED = "专职副书记培训班是什么时候、在哪里办的？"
LISTED = "市级机关为建强基层党支部做了哪些事？"
DEEP = "市级机关怎样掌握干部的思想状况？"
ABSENT = "身心健康系列活动花了多少经费？"
QUESTIONS = {
    "职工": "病假要交什么证明？；因公外出怎么登记？",
    "差旅": "票据不全的怎么办？",
    "印章": "使用公章要谁批准？",
}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 1.5,
    "has_touch": True,
    "is_mobile": True,
}
PORTAL = """<style>body{margin:0;font:16px/1.8 'Noto Sans CJK SC',sans-serif;color:#26323f;background:#f3f5f8}
header{background:#7b1f24;color:#fff;padding:16px 40px;font-size:20px}
main{max-width:760px;margin:28px 40px;padding:20px 28px;background:#fff;border-radius:8px}
input{font:inherit;width:60%;padding:6px 12px}</style><header>机关综合门户</header>
<main><h2>规章制度</h2><p><input id=search
value="年休假怎么申请？" aria-label="站内搜索"></p><ul>
<li>职工考勤与休假管理办法（2025年修订）</li><li>差旅费管理办法（2024年修订）</li>
<li>印章使用与管理规定</li></ul><p>查不到？点右下角，直接问。</p></main>"""

Shot = Callable[[bytes], None]


def p01_empty(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, real) as t:
        settled(t.open(), shot)


def p02_writing(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, fake.url) as t:
        t.open()
        t.ask("年休假怎么申请？", ".s-supported ~ .s-pending")
        shot(t.page.screenshot())


def p03_answer_citation(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, real) as t:
        opened(t, LISTED, shot)


def p04_partly_supported(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, fake.url) as t:
        opened(t, "印章能带出去吗？", shot)


def p05_not_found(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, real) as t:
        t.open()
        asked(t, ABSENT)
        settled(t.page, shot)


def p06_conflict(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, fake.url) as t:
        opened(t, "住宿费标准是多少？", shot)


def p07_documents(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, real) as t:
        t.page.goto(f"{real}/documents")
        settled(t.page, shot)


def p08_reader(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, real) as t:
        t.open()
        asked(t, DEEP)
        t.page.goto(real + str(t.page.locator("#wj-panel a.open").first.get_attribute("href")))
        settled(t.page, shot)


def p09_phone(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, real, **PHONE) as t:
        t.open()
        asked(t, ASKED)
        t.page.tap("#wj-chat .cite >> nth=0")
        settled(t.page, shot)


def p10_dark(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, real, color_scheme="dark") as t:
        opened(t, ASKED, shot)


def p11_widget(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    tag = (
        f'<script src="{fake.url}/widget.js" data-title="制度问答" data-color="#7b1f24" '
        'data-question-from="#search" data-theme="light" defer></script>'
    )
    port = int(fake.settings.allowed_origins[0].rsplit(":", 1)[1])  # type: ignore[attr-defined]
    with (
        tempfile.TemporaryDirectory() as folder,
        portal(port, Path(folder), PORTAL + tag),
        tab(browser, fake.url) as t,
    ):
        t.page.goto(f"http://localhost:{port}/")
        t.page.click(".launch")
        chat = t.page.frame_locator("iframe")
        chat.locator("#wj-chat .welcome").wait_for(timeout=60_000)
        chat.locator("#wj-box textarea").press("Enter")
        chat.locator("#wj-chat .answer.done").wait_for(timeout=60_000)
        chat.locator("#wj-chat .cite >> nth=1").click()
        settled(t.page, shot)


def p12_list(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, fake.url) as t:
        opened(t, "请假有哪些规定？", shot)


def p13_steps(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, fake.url, **PHONE) as t:
        formed(t, shot, "盖章怎么办？")


def p14_table(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, fake.url) as t:
        formed(t, shot, "请假有哪些规定？", "用表格列出来")


def p15_table_phone(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, fake.url, **PHONE) as t:
        formed(t, shot, "用表格列出来")


def p16_outline(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, fake.url) as t:
        opened(t, "总结一下考勤办法", shot)


def p17_talk(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, fake.url, **PHONE) as t:
        formed(t, shot, "你好")


def p18_outline_phone(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with tab(browser, fake.url, **PHONE) as t:
        formed(t, shot, "总结一下考勤办法")


def p19_admin(browser: Any, real: str, fake: Served, shot: Shot) -> None:
    with used() as server, tab(browser, server.url, viewport={"width": 1280, "height": 1500}) as t:
        t.page.goto(f"{server.url}/admin")
        settled(t.page, shot)


PICTURES = {
    name[1:].replace("_", "-"): made
    for name, made in list(globals().items())
    if name[:1] == "p" and name[1:3].isdigit()
}


@contextmanager
def tab(browser: Any, address: str, **options: Any) -> Iterator[Tab]:
    t = Tab(browser, address, **options)
    t.page.set_default_timeout(180_000)
    try:
        yield t
    finally:
        t.close()


def asked(t: Tab, question: str) -> None:
    """Ask, and wait for the complete answer with what is offered after it."""
    t.page.fill("#wj-box textarea", question)
    t.page.press("#wj-box textarea", "Enter")
    t.page.wait_for_selector("#wj-chat .answer.done")
    t.page.wait_for_timeout(1500)


def opened(t: Tab, question: str, shot: Shot) -> None:
    """An answer with its first citation open."""
    t.open()
    asked(t, question)
    t.page.click("#wj-chat .cite >> nth=0")
    settled(t.page, shot)


def formed(t: Tab, shot: Shot, *questions: str) -> None:
    """Questions one after another, the last answer from its beginning."""
    t.open()
    for number, question in enumerate(questions, 1):
        t.page.fill("#wj-box textarea", question)
        t.page.press("#wj-box textarea", "Enter")
        t.page.wait_for_function(
            "n => document.querySelectorAll('#wj-chat .answer.done').length === n", arg=number
        )
        t.page.wait_for_timeout(1500)
    t.page.evaluate(
        "[...document.querySelectorAll('#wj-chat .ask')].at(-1).scrollIntoView({ block: 'start' })"
    )
    settled(t.page, shot)


def settled(page: Any, shot: Shot) -> None:
    page.mouse.move(0, 0)
    page.wait_for_timeout(900)
    shot(page.screenshot())


def kept(path: Path) -> Shot:
    """Write a picture with a palette of its own: a third of the size, no difference to the eye."""

    def write(png: bytes) -> None:
        from PIL import Image

        with Image.open(io.BytesIO(png)) as picture:
            picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
        print(f"{path}  {path.stat().st_size // 1024} kB", flush=True)

    return write


@contextmanager
def served() -> Iterator[str]:
    """The default models over the sample corpus, ready."""
    with tempfile.TemporaryDirectory() as data:
        run = [sys.executable, "-m", "wenju", "--data", data]
        subprocess.run(
            [*run, "index", "add", *map(str, sorted((ROOT / "corpus").glob("*.md")))], cwd=ROOT, check=True
        )
        port = free_port()
        process = subprocess.Popen([*run, "serve", "--port", str(port)], cwd=ROOT)
        try:
            wait(f"http://127.0.0.1:{port}/readyz")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def wait(address: str, seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=10):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise SystemExit(f"{address} was not ready in {seconds:.0f} s")


@contextmanager
def used() -> Iterator[Served]:
    """A server with four weeks of invented use in its records: questions, refusals, feedback, small talk."""
    from types import SimpleNamespace

    from fake_corpus import fake_engine

    from ui.app import create_app
    from ui.settings import UiSettings
    from ui.storage import Store
    from ui.storage_types import Exchange, Feedback

    store, engine = Store.in_memory(), fake_engine()
    asked = (
        "年休假怎么申请？",
        "食堂几点开门？",
        "盖章怎么办？",
        "你好",
        "停车位怎么申请？",
        "那超过三天谁批？",
        "印章能带出去吗？",
    )
    for n in range(90):
        question = asked[n * 5 % 7]
        at = (datetime.now(UTC) - timedelta(hours=7.1 * n)).isoformat(timespec="seconds")
        answer = replace(engine.answer(question), timings={"total": 1.1 + n * n % 83 / 12})
        store.save(f"u{n % 9}", f"{n:016x}", Exchange(f"e{n}", question, at, "done", answer))
        if n % 11 == 1:
            gap = answer.refusal is not None
            reasons = ("gap",) if gap else ("wrong_evidence", "incomplete")
            comment = "" if gap or n % 2 else "引的是旧版"
            store.add_feedback(
                Feedback(f"{n:016x}", f"e{n}", f"u{n % 9}", "down", at, reasons, comment, answer)
            )
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        for name, kilobytes in (
            ("index", 31_000),
            ("originals", 84_200),
            ("wenju.db", 5_300),
            ("answers.sqlite", 1_200),
        ):
            (data / name).write_bytes(bytes(kilobytes * 1024))
        engine.settings = SimpleNamespace(data=data)
        server = Served(create_app(UiSettings(title="制度问答", audit=False), engine, store))  # type: ignore[arg-type]
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def scripted() -> Iterator[Served]:
    """The scripted engine over invented documents; one origin may embed it."""
    from fake_corpus import fake_engine

    from ui.app import create_app
    from ui.settings import UiSettings
    from ui.storage import Store

    settings = UiSettings(
        title="制度问答",
        rate_per_minute=0,
        suggestions=("年休假怎么申请？", "出差回来多久报销？", "印章能带出去吗？"),
        allowed_origins=(f"http://localhost:{free_port()}",),
    )
    engine = fake_engine(0.15)
    engine.docs = [replace(d, meta={"questions": QUESTIONS.get(d.title[:2], "")}) for d in engine.docs]
    server = Served(create_app(settings, engine, Store.in_memory()))  # type: ignore[arg-type]
    server.settings = settings  # type: ignore[attr-defined]
    try:
        yield server
    finally:
        server.stop()


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--server", default="", help="address of a ready server with the sample corpus")
    options.add_argument("--only", default="", help="numbers, comma between: 03,09")
    options.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    options.add_argument(
        "--scripted",
        action="store_true",
        help="no server with models: for those of the scripted engine alone",
    )
    given = options.parse_args()
    wanted = {n: made for n, made in PICTURES.items() if not given.only or n[:2] in given.only.split(",")}
    with ExitStack() as stack:
        real = given.server or ("" if given.scripted else stack.enter_context(served()))
        fake = stack.enter_context(scripted())
        browser = stack.enter_context(chromium())
        for name, made in wanted.items():
            made(browser, real, fake, kept(given.out / f"{name}.png"))


if __name__ == "__main__":
    main()
