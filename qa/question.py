"""What a question asks for: kind of thing, unit, content words, entities, figures and dates. Rules, no model."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Literal

from .checks.dates import Date
from .checks.numbers import Figure
from .checks.text import EvidenceText, fold_same, prepare

Kind = Literal["count", "date", "place", "who", "body", "list", "yesno", "reason", "how", "which", "what"]

_BODY = "单位|部门|公司|企业|机构|组织|机关|学校|大学|医院|银行|委员会|协会|团体|党派|政党|支部|局|处|厂商|出版社|电视台|球队|乐团|俱乐部"
_PLACE = "地方|地点|城市|国家|省份?|州|区域?|地区|县|镇|乡|村|街道|岛|洲|大陆|位置|场所|车站|港口|机场"
_MEASURE = "个月|人次|方面|个|名|位|家|项|条|种|次|座|人|届|场|岁|年|天|月|日|号|小时|分钟|公里|米|元|倍|所|部|本|首|辆|层|件|类|支|只|点|级|期|集|张|台|章|门|组|队|套|间|户|亩|吨|步|方面|个月"

_PATTERNS: tuple[tuple[Kind, str], ...] = (
        ("reason", r"为什么|为何|为啥|因为什么|出于什么(?:原因|考虑)?|什么原因|何种原因|何原因|原因是什么|原因是?(?=[?？]|$)|何故|怎么会"),
        ("date", r"什么时候|什么时间|何时|哪(?:一)?(?:年|天|月|日|个?月份?|个年份|段时间)|几(?:年几月几日|月几[日号]|月份?|号|点)(?!数)"
                 r"|什么(?:年代|日期|年份|日子|时期|朝代)|何年(?:何月(?:何日)?)?|哪个(?:年代|日期|世纪|时期)|几时|多会儿|(?:时间|日期|年份)是(?:什么)?(?=[?？]|$)"),
        ("count", rf"(?:百分之)?多少(?P<u1>{_MEASURE})?|(?:第)?几(?!乎|何|率|近|经|度|种语言)(?P<u2>{_MEASURE})?|多(?:大|高|长|远|久|重|宽|深|厚|快)(?!数|多|的)"
                  r"|(?:数量|人数|总数|面积|比例|金额|价格|长度|高度|人口)是(?:什么)?(?=[?？]|$)"),
        ("who", r"谁|何人|哪(?:一)?(?:位|个人|名)|什么人|哪些人|哪几位|(?:叫|是)什么名字"),
        ("place", rf"哪里|哪儿|何处|何地|在哪(?!个|些|一|年|天)|(?:哪|什么)(?:一)?(?:个|座|些)?(?:{_PLACE})|(?:地点|位置)是(?:什么)?(?=[?？]|$)"),
        ("body", rf"(?:哪|什么|何)(?:一)?(?:个|家|些|所|支|几个)?(?:[^\s，,。？?]{{0,3}})(?:{_BODY})"),
        ("list", r"哪(?:些|几)(?:个|种|项|类|家|位|方面|部|本)?|有什么|包括什么|分别(?:是|为)?(?:什么)?"),
        ("yesno", r"是否|是不是|有没有|能不能|可不可以|会不会|可否|能否|对不对|要不要|需不需要|(?:[吗嘛]|(?<![什怎那这要多])么)(?=[?？]|$)"),
        ("how", r"如何|怎么样?|怎样|咋样?"),
        ("which", r"哪(?:一)?(?:个|种|项|条|家|部|本|首|座|支|类|场|届|次|只|所|方面|一)?"),
        ("what", r"什么样的|什么|何种|何(?=名|物|事|职|用|意|谓|为|以|处)|啥|多少"),
)  # fmt: skip
_WH: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple((kind, re.compile(pattern)) for kind, pattern in _PATTERNS)
_STOP = frozenset(
    ["的", "了", "是", "在", "和", "与", "及", "或", "有", "为", "被", "把", "对", "于", "由", "从", "到", "等", "这", "那", "其", "该", "此", "它", "他", "她", "吗", "呢", "吧", "啊", "什么", "哪", "哪些", "哪个", "哪里", "谁", "多少", "几", "几个", "如何", "怎么", "怎样", "为什么", "何时", "时候", "什么时候", "请问", "一下", "告诉", "我", "你", "我们", "都", "也", "就", "还", "又", "并", "以", "而", "则", "之", "所", "请", "想", "知道", "关于", "情况", "具体", "主要", "进行", "分别", "属于", "位于", "叫", "叫做", "称为", "来", "去", "会", "能", "可以", "要", "个", "年", "月", "日", "名", "位", "家", "项", "条", "种", "次", "地", "得", "着", "过", "哪年", "第几", "哪位", "何", "何人", "是否", "有没有", "有何", "以及"]
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart.

    Attributes:
        kind: what is asked for.
        asked: span of the words that ask (什么时候, 多少个) in the text; (0, 0) when there are none.
        unit: measure word asked for (个, 条, 公里), "" when none.
        words: content words in order, folded, without the asking words.
        entities: names of places, bodies, persons and quoted titles.
        figures, dates: what the question states itself.
    """

    text: str
    kind: Kind
    asked: tuple[int, int]
    unit: str
    words: tuple[str, ...]
    entities: tuple[str, ...]
    figures: tuple[Figure, ...]
    dates: tuple[Date, ...]

    def asks(self, start: int, end: int) -> bool:
        """Does the span have a part in the words that ask?"""
        return self.asked[0] < end and start < self.asked[1]

    def missing_from(self, text: str) -> tuple[str, ...]:
        """Names in the question that ``text`` does not hold (天津 for 天津市 will do), with the years and days stated."""
        from .checks.names import holds

        folded = fold_same(text)
        missing = [name for name in self.entities if not holds(folded, name)]
        years = {d.year for d in prepare(EvidenceText(text)).dates} | {y for d in prepare(EvidenceText(text)).dates for y in d.soft_years}
        missing += [f"{d.year}年" for d in self.dates if d.year is not None and d.year not in years]
        return tuple(dict.fromkeys(missing))

    def absent_words(self, text: str) -> tuple[str, ...]:
        """Content words that do not occur in ``text``."""
        folded = fold_same(text)
        return tuple(w for w in self.words if w not in folded)

    def share_of_words_in(self, text: str) -> float:
        """Share (0..1) of the content words that occur in ``text``, each counted by its length."""
        total = sum(len(w) for w in self.words)
        return 1.0 - sum(len(w) for w in self.absent_words(text)) / total if total else 0.0

    def wants(self, text: str) -> bool:
        """Does ``text`` hold the kind of thing asked for? True where any text might (what, reason, how)."""
        return _holds_kind(self, text)


@functools.lru_cache(maxsize=512)
def analyse(question: str) -> Question:
    """Take ``question`` apart; works for half sentences and for statements (kind what) too."""
    from .checks.names import names, words

    folded = fold_same(question)
    kind, asked, unit = _asked(folded)
    prepared = prepare(EvidenceText(question))
    start, end = asked
    content = tuple(
        dict.fromkeys(
            w for w, at in words(folded) if w not in _STOP and w.strip() and w[0].isalnum() and not start <= at < end
        )
    )
    entities = tuple(dict.fromkeys(n.text for n in names(folded)))
    figures = tuple(f for f in prepared.figures if not (start < f.unit_end and f.start < end))
    return Question(question, kind, asked, unit, content, entities, figures, prepared.dates)


def asking(question: str) -> tuple[int, int]:
    """Span of the words that ask (什么时候, 多少条), (0, 0) when there are none. Quick: needs no dictionary."""
    return _asked(fold_same(question))[1]


def place(question: str, answer: str) -> tuple[str, int, int]:
    """The answer put where the question asks, and its span: 建成多少家驿站？ + 113 -> 建成113家驿站。 (2, 6)

    Gives a bare answer the context that the checks compare. Without asking words: question, colon, answer.
    """
    kind, (start, end), unit = _asked(fold_same(question))
    answer = answer.strip().rstrip("。.！!")
    body = question.rstrip("？?。 ")
    if not end or end > len(body) or kind in ("reason", "how", "yesno"):
        return f"{body}：{answer}。", len(body) + 1, len(body) + 1 + len(answer)
    if unit and (answer[-1:].isdigit() or answer[-1:] in "万亿千百萬億"):
        answer += unit
    elif fold_same(question[start:end]).startswith("百分之") and re.fullmatch(r"[\d.]+", answer):
        answer = "百分之" + answer
    elif kind == "date" and "年" in question[start:end] and re.fullmatch(r"\d{3,4}", answer):
        answer += "年"
    elif question[start:end].startswith("第") and not answer.startswith("第"):
        answer = "第" + answer
    rest = body[end:]
    for cut in range(min(4, len(rest), len(answer)), 0, -1):  # 多少公分 + 80公分, 哪个城市 + 上海市
        if answer.endswith(rest[:cut]):
            rest = rest[cut:]
            break
    if not unit and question[start:end][-1:] in "哪一" and answer[-1:] not in rest[:1]:
        rest = re.sub(rf"^(?:{_MEASURE}|颗|顆|場|隻|間|項|條|種類|種|[國国]人)", "", rest)  # 哪一颗 + 木卫三
    left = question[:start] + ("是" if kind in ("date", "place") and question[start:end][-1:] == "是" else "")
    return f"{left}{answer}{rest}。", len(left), len(left) + len(answer)


def _holds_kind(question: Question, text: str) -> bool:
    from .checks.names import names

    prepared = prepare(EvidenceText(text))
    if question.kind == "count":
        units = {question.unit, "个", ""}
        return any(not question.unit or f.unit in units or f.unit in "名人位" for f in prepared.figures)
    if question.kind == "date":
        return bool(prepared.dates) or any(f.dimension in ("年", "世纪", "年代", "时刻") for f in prepared.figures)
    if question.kind in ("who", "place", "body"):
        wanted = {"who": ("person", "latin"), "place": ("place", "body"), "body": ("body", "latin", "title", "place")}
        return any(n.kind in wanted[question.kind] for n in names(prepared.folded))
    return bool(text.strip())


def _asked(folded: str) -> tuple[Kind, tuple[int, int], str]:
    """Kind, span of the asking words and unit. Specific kinds win over general ones wherever they stand."""
    for kind, pattern in _WH:
        if match := pattern.search(folded):
            groups = match.groupdict()
            return kind, match.span(), groups.get("u1") or groups.get("u2") or ""
    return "what", (0, 0), ""
