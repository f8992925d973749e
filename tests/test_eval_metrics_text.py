"""Text metrics against independent implementations: NLTK's tokeniser, difflib, rouge_score, and arithmetic by
hand."""

from __future__ import annotations

import collections
import difflib
import json
import random
import re
import string
from pathlib import Path

import pytest

from eval.metrics.text import (
    char_f1,
    evidence_f1,
    exact_match,
    longest_common_substring,
    mixed_tokens,
    rouge_l,
)

BENCH = Path(__file__).resolve().parents[2] / "shared" / "bench"
SIGNS = list("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
PAIRS = [
    ("光荣和ω-force", ["光荣和ω-force"]),
    ("由光荣和ω-force开发。", ["光荣和ω-force", "光荣"]),
    ("1,000 people's U.S. team, 3.5% (2019).", ["1,000 people", "3.5%"]),
    ('他说："你好" and "bye"', ['"你好"', "bye"]),
    ("2024年11月8日……召开", ["2024年11月8日", "11月8日"]),
    ("", ["无"]),
    ("《红楼梦》的作者是曹雪芹", ["曹雪芹", "曹霑"]),
    ("they don't know — 'shade' for a.b.c", ["don't know", "shade"]),
]


def reference_tokens(text: str, drop: bool, lower: bool = True) -> list[str]:
    """The same cutting by splitting on a regular expression instead of walking, with NLTK for what is
    left."""
    from nltk.tokenize import NLTKWordTokenizer  # here: more than a second, which nobody else needs

    text = (text.lower() if lower else text).strip()
    if drop:
        text = "".join(c for c in text if c not in SIGNS)
    signs = "".join(re.escape(c) for c in SIGNS)
    tokens: list[str] = []
    for piece in re.split(f"([\u4e00-\u9fa5{signs}])", text):
        one = len(piece) == 1 and (piece in SIGNS or "\u4e00" <= piece <= "\u9fa5")
        tokens += [piece] if one else NLTKWordTokenizer().tokenize(piece)
    return tokens


def reference_f1(prediction: str, references: list[str]) -> float:
    best = 0.0
    mine = reference_tokens(prediction, True)
    for reference in references:
        theirs = reference_tokens(reference, True)
        size = difflib.SequenceMatcher(None, mine, theirs, autojunk=False).find_longest_match().size
        if size:
            best = max(best, 2 * size / (len(mine) + len(theirs)))  # the same as 2PR/(P+R)
    return best


@pytest.mark.parametrize(("prediction", "references"), PAIRS)
def test_char_f1_and_tokens_agree_with_nltk_and_difflib(prediction: str, references: list[str]) -> None:
    for text in (prediction, *references):
        assert mixed_tokens(text) == reference_tokens(text, True)
    assert char_f1(prediction, references) == pytest.approx(reference_f1(prediction, references), abs=1e-9)


def test_char_f1_agrees_on_random_strings() -> None:
    rng = random.Random(7)
    alphabet = "天地玄黄宇宙洪荒0123456789ab ,.，。%-"
    for _ in range(300):
        a, b = ("".join(rng.choices(alphabet, k=rng.randint(0, 25))) for _ in range(2))
        assert char_f1(a, [b]) == pytest.approx(reference_f1(a, [b]), abs=1e-9), (a, b)


def test_arithmetic_by_hand() -> None:
    # 天津市滨海新区 (7) and 滨海新区 (4): longest common substring 4, so P = 4/7, R = 1.
    assert char_f1("天津市滨海新区", ["滨海新区"]) == pytest.approx(2 * (4 / 7) / (4 / 7 + 1))
    # A substring, not a subsequence: 甲乙丙 against 甲丙 shares one sign only.
    assert char_f1("甲乙丙", ["甲丙"]) == pytest.approx(2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2))
    assert rouge_l("甲乙丙", ["甲丙"]) == pytest.approx(2 * (2 / 3) * 1 / (2 / 3 + 1))
    assert exact_match("《红楼梦》", ["红楼梦"]) == 1.0 and exact_match("红楼梦……", ["红楼梦"]) == 0.0
    assert exact_match("Hello World", ["hello world"]) == 1.0 and exact_match("甲 乙", ["甲乙"]) == 0.0
    assert longest_common_substring("abcdef", "zabzcdez") == 3
    assert char_f1("甲", []) == 0.0 and rouge_l("", ["甲"]) == 0.0


class _Mixed:
    def tokenize(self, text: str) -> list[str]:
        return reference_tokens(text, True)


def test_rouge_l_agrees_with_rouge_score() -> None:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], tokenizer=_Mixed())
    rng = random.Random(3)
    texts = ["".join(rng.choices("我们在天津召开会议 2024 abc，。", k=rng.randint(1, 30))) for _ in range(60)]
    for a, b in zip(texts, texts[1:], strict=False):
        assert rouge_l(a, [b]) == pytest.approx(scorer.score(b, a)["rougeL"].fmeasure, abs=1e-9)


def reference_bag(prediction: str, references: list[str]) -> float:
    def bag(text: str) -> collections.Counter[str]:
        kept = [
            t
            for t in reference_tokens(text, False, lower=False)
            if t not in {"a", "an", "the", "…", *SIGNS, *string.punctuation}
        ]
        return collections.Counter(t.lower() for t in kept)

    scores = []
    for reference in references:
        mine, theirs = bag(prediction), bag(reference)
        if not mine or not theirs:
            scores.append(float(mine == theirs))
            continue
        same = sum(min(mine[t], theirs[t]) for t in mine)
        scores.append(2 * same / (mine.total() + theirs.total()))
    return max(scores)


@pytest.mark.parametrize(("prediction", "references"), [*PAIRS, ("", [""]), ("，。", ["the"])])
def test_evidence_f1_agrees(prediction: str, references: list[str]) -> None:
    assert evidence_f1(prediction, references) == pytest.approx(
        reference_bag(prediction, references), abs=1e-9
    )


@pytest.mark.skipif(not BENCH.is_dir(), reason="the public benchmarks are not here (../shared/bench)")
def test_agreement_on_a_real_benchmark() -> None:
    data = json.loads((BENCH / "expmrc-cmrc" / "expmrc-cmrc2018-dev.json").read_text())["data"]
    rng = random.Random(1)
    anchors = []
    for paragraph in (p for article in rng.sample(data, 60) for p in article["paragraphs"]):
        sentences = re.split("(?<=[。！？])", paragraph["context"])
        for qa in paragraph["qas"]:
            golds = [a["text"] for a in qa["answers"]]
            guess = rng.choice(sentences)
            assert char_f1(guess, golds) == pytest.approx(reference_f1(guess, golds), abs=1e-9)
            assert evidence_f1(guess, qa["evidences"]) == pytest.approx(
                reference_bag(guess, qa["evidences"]), abs=1e-9
            )
            anchors.append(evidence_f1(next((s for s in sentences if golds[0] in s), ""), qa["evidences"]))
    # The benchmark's README measured 83.7 for the sentence that holds the answer, over all 515 questions.
    assert 0.75 < sum(anchors) / len(anchors) < 0.92
