"""What is wrong beyond one file: told in both languages, on the page and by the API."""

from __future__ import annotations

import ast
import errno
import pickle
import re
import string
from pathlib import Path

import pytest
from fake_corpus import fake_engine
from fastapi.testclient import TestClient
from index_fakes import SETTINGS, Encoder, document
from ui_fakes import api_app

from errors import IndexError_, ModelError, WenjuError
from errors.texts import texts
from index.disk import told, writing
from index.encoder import check_folder
from index.store import IndexStore
from models.store import ModelStore
from ui.shell import failure_text
from ui.texts import Texts
from ui.viewer import LOCAL

ROOT = Path(__file__).parent.parent
ROOMS = ("engine", "index", "models", "qa", "ui", "wenju")
SINGLE = {"ui/admission.py": 1, "ui/asking.py": 1}
"""Errors of these rooms that have no name: one tells what a library said, one nobody is there to read."""
HAN = re.compile(r"[\u4e00-\u9fff]")


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_each_is_told_in_both_languages_and_raised_with_the_values_that_it_names() -> None:
    raised: dict[str, set[str | None]] = {}
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "named"
            if named and isinstance(node.args[0], ast.Constant):  # else a sign-on by a name
                raised[str(node.args[0].value)] = {word.arg for word in node.keywords}
    assert set(raised) | {"internal"} == set(texts("failures"))
    for reason, by_lang in texts("failures").items():
        assert set(by_lang) == {"en", "zh"} and all(HAN.search(part) for part in by_lang["zh"])
        assert not HAN.search("".join(by_lang["en"]))
        for message, hint in by_lang.values():
            named = _fields(message + hint) - {"known", "meant"}
            given = raised.get(reason, set())
            assert named == given - {None} or given == {"root", None}, reason


def test_no_error_that_is_shown_is_told_in_one_language_alone() -> None:
    kinds = (
        "IndexError_ ModelError QuestionError NoCollection NotFound NotAllowed NotSignedOn TooLarge "
        "Unsupported QueueFull RateLimited TooManyWaiting Cancelled SignOnFailed SignOnEnded "
        "SettingsError GeneratorError"
    )
    raw = re.compile(rf"\b(?:{'|'.join(kinds.split())})\(\s*f?['\"]")
    found: dict[str, int] = {}
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        if many := len(raw.findall(path.read_text("utf-8"))):
            found[path.relative_to(ROOT).as_posix()] = many
    assert found == SINGLE


@pytest.mark.parametrize("part", ["manifest.json", "CURRENT", "corpus.sqlite"])
def test_a_damaged_index_is_told_in_both_languages(tmp_path: Path, part: str) -> None:
    store = IndexStore(tmp_path)
    store.write([document("a")], (), SETTINGS, Encoder())
    (tmp_path / part if part == "CURRENT" else tmp_path / "gen-1" / part).write_bytes(b"{")
    with pytest.raises(IndexError_) as caught:
        store.write([document("b")], (), SETTINGS, Encoder())
    assert f"{tmp_path}" in Texts("zh").error(caught.value) and "的索引已损坏" in Texts("zh").error(
        caught.value
    )
    assert "wenju index rebuild；或从备份恢复" in Texts("zh").error(caught.value)
    assert not HAN.search(Texts("en").error(caught.value))


def test_a_model_that_no_source_delivers_is_told_in_both_languages(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        ModelStore(tmp_path).fetch(["multilingual-e5-small"], [])
    assert Texts("zh").error(caught.value).startswith("没有下载到模型 multilingual-e5-small")
    assert str(caught.value).startswith("No source delivered the model multilingual-e5-small")
    with pytest.raises(ModelError) as caught:
        ModelStore(tmp_path).path("multilingual-e6-small")
    assert "Did you mean 'multilingual-e5-small'? Valid: " in str(caught.value)
    assert "可用的名字：" in Texts("zh").error(caught.value)


def test_a_full_disk_a_busy_index_and_missing_rights(tmp_path: Path) -> None:
    root = str(tmp_path)
    for number, chinese in (
        (errno.ENOSPC, f"磁盘已满，{root} 的索引没有写成。请在 {root} 所在的磁盘上腾出空间后再试。"),
        (errno.EACCES, f"{root} 的索引无法写入（denied）。请检查数据文件夹的写入权限。"),
    ):
        with pytest.raises(IndexError_) as caught, told(tmp_path):
            raise OSError(number, "denied", root)
        assert Texts("zh").error(caught.value).startswith(chinese)
        assert not HAN.search(str(caught.value)), "logs and the command are in English"
    with writing(tmp_path, 0.1):
        (tmp_path / ".holder").write_text('{"pid": 7, "host": "oa1", "since": "2025-01-02"}', "utf-8")
        with pytest.raises(IndexError_) as caught, writing(tmp_path, 0.01):
            pass
        (tmp_path / ".holder").write_text("", "utf-8")
        with pytest.raises(IndexError_) as other, writing(tmp_path, 0.01):
            pass
    assert "oa1 上的进程 7，开始于 2025-01-02" in Texts("zh").error(caught.value)
    assert Texts("zh").error(other.value).endswith("的索引正在由另一个进程更新。请等它完成后再试。")
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.told("zh") == caught.value.told("zh") and str(again) == str(caught.value)


def test_a_missing_model_is_told_to_administrators_in_the_language_of_the_page(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        ModelStore(tmp_path).path("multilingual-e5-small")
    shown = failure_text(caught.value, LOCAL, Texts("zh"))
    assert (
        f"原因：{tmp_path} 里没有模型 multilingual-e5-small（缺少 " in shown
        and "请运行：wenju models" in shown
    )
    english = failure_text(caught.value, LOCAL, Texts("en"))
    assert not HAN.search(english) and "The model multilingual-e5-small is not in" in english
    with pytest.raises(ModelError) as caught:
        check_folder(tmp_path)
    assert "没有编码器：缺少 config.json, tokenizer.json" in Texts("zh").error(caught.value)


@pytest.mark.parametrize("address", ["/api/ask", "/v1/chat/completions"])
@pytest.mark.parametrize("stream", [False, True])
def test_the_api_tells_it_in_the_language_that_is_asked_for(address: str, stream: bool) -> None:
    engine = fake_engine()

    def full(*_: object, **__: object) -> object:
        raise IndexError_.named("index_full", root="/srv/wenju")
        yield

    engine.stream = full  # type: ignore[assignment, method-assign]
    asked = "年休假怎么申请？"
    body = {"question": asked, "messages": [{"role": "user", "content": asked}], "stream": stream}
    with TestClient(api_app(engine=engine)) as client:
        for lang, word in (
            ("zh-CN,zh;q=0.9,en;q=0.8", "磁盘已满"),
            ("en", "no space left"),
            ("", "no space"),
        ):
            reply = client.post(address, json=body, headers={"accept-language": lang})
            assert word in reply.text and "index_unavailable" in reply.text


def test_an_error_without_a_name_stays_as_it_is() -> None:
    error = WenjuError("busy", "Wait.")
    assert error.told("zh") == error.told("en") == ("busy", "Wait.")
