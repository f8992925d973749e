"""The reader's real weights on plain questions; their floors are in tests/test_weights.py."""

import pytest

from index.encoder import open_encoder
from models.store import ModelStore
from qa.kind import MODEL, kind_of
from qa.reader import SmallReader, history
from qa.understand import ALONE


@pytest.fixture(scope="module")
def encoder():
    store = ModelStore()
    if store.state(MODEL) != "ready":
        pytest.skip(f"{MODEL} is not in the store")
    return open_encoder(MODEL)


@pytest.fixture(scope="module")
def reader(encoder):
    return SmallReader(ModelStore().path(MODEL), lambda: encoder, 0)


@pytest.mark.models
def test_a_follow_up_takes_up_the_thing_and_a_new_question_nothing(reader):
    before = history([("东湖体育馆几点开门？", "6时30分。")])
    spans = reader.turn("它的停车场收费吗？", before)
    assert any("东湖" in before[a:b] for a, b in spans)


@pytest.mark.models
def test_what_stands_alone_after_a_turn(reader):
    before = ("请假超过三天谁批", "由分管领导批。")
    for asked in ("那五天呢", "要交什么材料", "后面那个人不在怎么办"):
        assert reader.alone(asked, *before) < ALONE, asked
    for asked in ("换个话题 食堂晚饭几点结束", "公务用车的加油卡由哪个科室保管"):
        assert reader.alone(asked, *before) >= ALONE, asked


@pytest.mark.models
def test_kinds_of_plain_questions(encoder):
    for question, wanted in (
        ("你好", "chat"),
        ("你能做什么", "about"),
        ("总结一下这份手册", "overview_document"),
        ("报销要交哪些材料", "list"),
        ("怎么申请调休", "steps"),
        ("水质多久检查一次", "fact"),
    ):
        kinds = kind_of(question, False, encoder)
        assert max(kinds, key=lambda k: kinds[k]) == wanted, question
        assert sum(kinds.values()) == pytest.approx(1.0, abs=1e-4)
