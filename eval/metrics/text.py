"""Scores of an answer's text against references. All are 0..1, higher is better; several references: the best
counts.

``exact_match`` and ``char_f1`` follow the CMRC 2018 evaluation script (Cui et al., EMNLP 2019, "A
Span-Extraction Dataset for Chinese Machine Reading Comprehension", version v5): each Han character is a
token, Latin and digit runs are tokens as in the Penn Treebank; F1 is over the longest common *substring* of
tokens. ``evidence_f1`` follows ExpMRC (Cui et al., 2022): a bag of the same tokens, punctuation and English
articles left out. ``rouge_l`` is ROUGE-L (Lin 2004) with beta = 1 over the same tokens: longest common
*subsequence*.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence

# The punctuation of the CMRC script. Its list also has "……", which never equals a single character, and so
# does not count as punctuation there; neither does it here.
CMRC_PUNCTUATION = frozenset("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
_BAG_PUNCTUATION = CMRC_PUNCTUATION | frozenset(string.punctuation) | {"…"}
_HAN = re.compile("[\u4e00-\u9fa5]")

Common = Callable[[Sequence[str], Sequence[str]], int]
"""How many tokens two texts have in common."""

# Latin runs as the Treebank tokeniser cuts them: numbers keep inner points and commas, words keep inner
# periods.
_RUN = re.compile(
    r"\.{2,}|``|''"
    r"|[^\s;@#$%&?!\"()\[\]{}<>«»“”‘’„—–`]+?(?=\.{2,}|'(?:s|m|d|ll|re|ve)?(?:\s|$)|''|n't(?:\s|$)|[\s;@#$%&?!\"()\[\]{}<>«»“”‘’„—–`]|$)"
    r"|[^\s]"
)


def mixed_tokens(text: str) -> list[str]:
    """Lower-cased tokens without CMRC punctuation: Han characters one by one, other runs as words and
    numbers."""
    return _tokens("".join(char for char in text.lower() if char not in CMRC_PUNCTUATION))


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    run = ""
    for char in text.strip():
        if _HAN.match(char) or char in CMRC_PUNCTUATION:
            tokens += [*words(run), char]
            run = ""
        else:
            run += char
    return tokens + words(run)


def words(run: str) -> list[str]:
    """Words, numbers and signs of a run without Han characters, cut as the Penn Treebank cuts them.

    Straight double quotes become `` where they open and '' where they close; a comma or colon before a digit
    belongs to its word; only the full stop that ends the run is a token of its own.
    """
    run = re.sub(r'(?:(?<=^)|(?<=[\s(\[{<]))"+', lambda m: "``" * len(m.group()), run).replace('"', "''")
    run = re.sub(r"(?<!\w)'(?!(?:re|ve|ll|m|t|s|d|n)\b)(?=\w)", "' ", run)
    run = re.sub(r"(?<=[^.\s])\.(?=[\])}>'»”’\s]*$)", " . ", run)
    run = re.sub(r"([,:])$", r" \1 ", re.sub(r"([,:])(\D)", r" \1 \2", run))
    return [str(token) for token in _RUN.findall(run)]


def exact_match(prediction: str, references: Sequence[str]) -> float:
    """1 when the prediction equals a reference after lower-casing and removing CMRC punctuation; else 0."""
    mine = _bare(prediction)
    return float(any(_bare(reference) == mine for reference in references))


def _bare(text: str) -> str:
    return "".join(char for char in text.lower().strip() if char not in CMRC_PUNCTUATION)


def char_f1(prediction: str, references: Sequence[str]) -> float:
    """F1 = 2PR/(P+R) with P = L/|prediction|, R = L/|reference|, L the longest common substring in tokens."""
    return _best(longest_common_substring, prediction, references)


def longest_common_substring(a: Sequence[str], b: Sequence[str]) -> int:
    """Length in tokens of the longest run of tokens that both have."""
    best, row = 0, [0] * (len(b) + 1)
    for left in a:
        above = 0
        for column, right in enumerate(b, 1):
            above, row[column] = row[column], above + 1 if left == right else 0
            best = max(best, row[column])
    return best


def longest_common_subsequence(a: Sequence[str], b: Sequence[str]) -> int:
    """Length in tokens of the longest sequence that both have in order, gaps allowed."""
    row = [0] * (len(b) + 1)
    for left in a:
        above = 0
        for column, right in enumerate(b, 1):
            above, row[column] = (
                row[column],
                above + 1 if left == right else max(row[column], row[column - 1]),
            )
    return row[-1]


def rouge_l(prediction: str, references: Sequence[str]) -> float:
    """F1 over the longest common subsequence of tokens, best reference."""
    return _best(longest_common_subsequence, prediction, references)


def _best(common: Common, prediction: str, references: Sequence[str]) -> float:
    """F1 over what two texts have in common by ``common``, best reference."""
    mine, others = mixed_tokens(prediction), [mixed_tokens(reference) for reference in references]
    return max((_f1(common(mine, theirs), mine, theirs) for theirs in others), default=0.0)


def _f1(common: int, prediction: Sequence[str], reference: Sequence[str]) -> float:
    if common == 0:
        return 0.0
    precision, recall = common / len(prediction), common / len(reference)
    return 2 * precision * recall / (precision + recall)


def bag_tokens(text: str) -> list[str]:
    """ExpMRC's tokens: cut first, then punctuation and a / an / the dropped, then lower-cased."""
    kept = (t for t in _tokens(text) if t not in ("a", "an", "the") and t not in _BAG_PUNCTUATION)
    return [token.lower() for token in kept]


def evidence_f1(prediction: str, references: Sequence[str]) -> float:
    """ExpMRC: F1 of two bags of tokens, best reference. Two empty bags agree (1)."""
    return max(
        (_bag_f1(bag_tokens(prediction), bag_tokens(reference)) for reference in references), default=0.0
    )


def _bag_f1(mine: list[str], theirs: list[str]) -> float:
    if not mine or not theirs:
        return float(mine == theirs)
    return _f1(sum((Counter(mine) & Counter(theirs)).values()), mine, theirs)
