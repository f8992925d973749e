"""The default model itself: answers from material, figures, reuse, the judge, speed and memory within
bounds."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

import prompts
from engine.base import GenerationRequest, Message
from engine.convert import prepare
from engine.openvino import OpenVINOGenerator
from errors import ModelError
from models.store import ModelStore
from qa.adapted import told
from qa.context import Context

pytestmark = pytest.mark.models

EVIDENCE = (
    "2025年7月，天津市已建成1017家就业驿站，全年服务群众23.6万人次。\n"
    "市人社局党支部书记王文涛介绍了“津彩e就业”品牌。"
)


@pytest.fixture(scope="module")
def gguf() -> Path:
    try:
        return ModelStore().path("qwen2.5-coder-1.5b")
    except ModelError as error:
        pytest.skip(f"no default model in the store: {error.message}")


@pytest.fixture(scope="module")
def generator(gguf: Path) -> OpenVINOGenerator:
    generator = OpenVINOGenerator(prepare(gguf))
    generator.warm()
    return generator


def messages(question: str) -> tuple[Message, ...]:
    parts = prompts.chat("answer", evidence=EVIDENCE, question=question)
    return tuple(Message(role, content) for role, content in parts)


def answer(generator: OpenVINOGenerator, question: str) -> str:
    request = GenerationRequest(messages(question), figures=EVIDENCE + question)
    return "".join(c.text for c in generator.stream(request))


@pytest.mark.parametrize(
    "question, expected",
    [
        ("建成了多少家就业驿站？", "1017"),
        ("党支部书记是谁？", "王文涛"),
        ("服务了多少人次？", "23.6万"),
        ("介绍了什么品牌？", "津彩e就业"),
    ],
)
def test_answers_from_the_material(generator: OpenVINOGenerator, question: str, expected: str) -> None:
    assert expected in answer(generator, question)


def test_writes_no_figure_that_is_not_there(generator: OpenVINOGenerator) -> None:
    text = answer(generator, "就业驿站的咨询电话是多少？请写出号码。")
    digits = "".join(c if c.isdigit() or c == "." else " " for c in text).split()
    assert set(d.strip(".") for d in digits) <= {"2025", "7", "1017", "23.6", ""}


def test_guessing_changes_no_answer(gguf: Path, generator: OpenVINOGenerator) -> None:
    plain = OpenVINOGenerator(prepare(gguf), guess=0)
    for question in ("建成了多少家就业驿站？", "介绍了什么品牌？"):
        assert answer(plain, question) == answer(generator, question)


def test_the_same_prompt_again_is_quick(generator: OpenVINOGenerator) -> None:
    answer(generator, "党支部书记是谁？")
    began = time.perf_counter()
    next(generator.stream(GenerationRequest(messages("党支部书记是谁？"))))
    assert time.perf_counter() - began < 2.0


def test_the_adapter_tells_answered_from_not_answered(generator: OpenVINOGenerator) -> None:
    def judged(question: str) -> float:
        found = told(question, question, Context(EVIDENCE, (), (), 0), generator, threading.Event())
        assert found is not None
        return found.answered

    assert judged("建成了多少家就业驿站？") > judged("今年全市的财政预算是多少亿元？")


def test_what_was_kept_on_disk_gives_the_same_states_and_answers(
    gguf: Path, generator: OpenVINOGenerator, tmp_path: Path
) -> None:
    def chat(question: str) -> tuple[Message, ...]:
        *before, (role, content) = prompts.chat("judge", evidence=EVIDENCE, question=question)
        lasting = content.index(question)
        return (*(Message(*part) for part in before), Message(role, content, lasting))

    later = OpenVINOGenerator(prepare(gguf), kept=tmp_path)
    assert later.ahead(chat("问"), threading.Event()) and later._batch
    while any(thread.name in ("wenju-kept", "wenju-batch") for thread in threading.enumerate()):
        time.sleep(0.01)
    later._batch._blocks.forget()  # memory, not disk
    for question in ("建成了多少家就业驿站？", "今年全市的财政预算是多少亿元？"):
        asked = chat(question)
        assert later.unread(asked) < 64, "the question and what follows it"
        one, other = (np.asarray(g.read(asked, threading.Event()).state()) for g in (later, generator))
        assert one @ other / (np.linalg.norm(one) * np.linalg.norm(other)) >= 0.999
        request = GenerationRequest(asked, max_new_tokens=4)
        texts = ["".join(c.text for c in g.stream(request)) for g in (later, generator)]
        assert texts[0] == texts[1]
