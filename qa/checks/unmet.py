"""What a question demands and an answer does not meet: another batch, a company for a person, a count for a list.

A true sentence may still answer another question. Each rule here looks for one plain mismatch and is silent in doubt;
synonyms, words for "none" and anything that might be an answer are let pass. docs/EVIDENCE.md has what they cost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from index.numbers import parse_number

from .dates import Date
from .echo import only_asked_name, only_asked_place, only_asked_time
from .listing import lists_more
from .names import names
from .text import Evidence, Prepared, fold_same, prepare_all

if TYPE_CHECKING:
    from qa.question import Question

_HAN = "一二三四五六七八九十百两"
_SERIES = "批|届|期|季度|轮|阶段|版|任|代|集|季|场|次"
ORDINAL = re.compile(rf"第(?P<n>\d+|[{_HAN}]+)(?P<u>{_SERIES})(?!世界大战|鸦片战争|工业革命)|(?<![\d第{_HAN}])(?P<q>[一二三四1234])(?P<s>季度)")
_FIRST = re.compile(r"首|第一|最早|最先|最初|率先|开始|启动|始于|创办|创刊|初次|1st|first")
_AGAIN = re.compile(r"再次|再度|又|二度|重新|连任|蝉联|梅开")
_HALVES = ("上半年", "下半年")
_NONE = re.compile(r"没有|未[提说列公明]|不详|无法|不[清明]|并无|不是")
_QUOTED = re.compile(r"《[^《》]*》|\"[^\"]*\"")
_LITTLE = re.compile(r"[的了是为在有于和与共计达到已经近余多个名家条项位种次场届批座所一这那其该等也都被由将把就并且]|[^\w]|\d")
_ROLE_ASKED = re.compile(
    r"(?:法定代表人|法人代表|负责人|书记|局长|主任|董事长|总经理|经理|校长|院长|处长|科长|部长|市长|区长|县长|会长|主席|秘书长|编辑|主编|主持人|联系人|队长|组长|厂长|站长|冠军)"
    r"(?:(?:的)?(?:名字|姓名))?(?:是|叫|为|姓)?(?:谁|哪位|哪一位|什么(?:名字)?|何人)"
)
_BODY_END = re.compile(r"(?:公司|集团|企业|局|委员会|工委|厅|支部|党委|大学|医院|银行|协会|中心|部门|单位|机构|系统)$")
_SAID_IS = re.compile(r"(?:是|叫|为|由|:)")
_LOCATED = re.compile(r"(?:在|于|到|赴|往|至|自|从|来自|位居|走进|进驻|出自|毗邻|靠近|濒临|隶属|属)(?!\d|[一二三四五六七八九十]+[年月日]|上?半年|此|了|这)[\w\"《(]")
_WHERE = re.compile(r"哪里|哪儿|何处|何地|在哪(?!个|些|一|年|天|种|次)|(?:哪(?:一)?(?:个|座)?|什么)(?:地方|地点|城市|省份?|市|县|区|镇|乡|村|位置|场所)|(?:地点|位置)是")
_PLACED = re.compile(r"[省市县区镇乡村州岛湾港湖河江山洋洲街路巷道桥园馆楼厅室站场校院寺庙宫城堂国家店](?:$|[,，。、;；的和与及])|[^\W与和及同对全本各到]{2}[省市县区镇乡村州岛]|[东西南北中]部|附近|旁边|对面|一带|沿岸|境内")
_LISTED = re.compile(r"哪几|哪些|分别(?:是|为|有|叫)?(?:什么|哪|[?？]|$)|都?有(?:啥|什么)")
_HOW_MANY = re.compile(r"多少|(?<!哪)几")
_COUNTED = re.compile(rf"\d|[{_HAN}零〇半双单]|[数几若]|多|全|许|所有|免")
_TIMED = re.compile(r"\d|[年月日天时期代纪朝初末前后间春夏秋冬晨早晚周刚今昨明]|世纪")
_MONEY = re.compile(r"多少(?:钱|[万亿]?元|块)|(?:工资|月薪|年薪|费用|价格|收费|票价|投资|经费|成本|预算|奖金|补贴|金额)(?:是|为|有|花了|共)?(?:多少|几何)")
_MONEY_SAID = re.compile(r"元|块|万|亿|[美欧日港台]币|币|镑|法郎|卢布|马克|卢比|免费|不收|免收|%|\$|¥|€")
_NUMBER_ASKED = re.compile(r"(?:电话|热线|手机号?|号码|邮编|传真|车牌号?)(?:是|为|有)?(?:多少|什么|几号?|吗)|(?:电话|热线|号码)$")
_ATTRIBUTES: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(asked), re.compile(told))
    for asked, told in (
        (r"法定代表人|法人代表", r"法定代表|法人"),
        (r"责任编辑|责编", r"编辑|责编"),
        (r"主编", r"主编|编辑"),
        (r"(?<!副)董事长", r"董事长|董事会主席|董事局主席"),
        (r"(?<!副)总经理", r"总经理|总裁|ceo|首席执行"),
        (r"(?<!副)(?<!办公室)主任", r"主任"),
        (r"(?<!副)局长", r"局长|局的?负责人"),
        (r"(?<!副)处长", r"处长"),
        (r"(?<!副)科长", r"科长"),
        (r"(?<!副)校长", r"校长|院长"),
        (r"(?:电话|热线|手机号|传真)(?:号码)?(?:是|为|多少|$|[?？])", r"电话|热线|手机|号码|传真|\d{5,}|12\d{3}"),
        (r"邮编|邮政编码", r"邮编|邮政编码|\d{6}"),
        (r"电子邮箱|邮箱|邮件地址", r"邮箱|邮件|@"),
        (r"网址|官网", r"网址|官网|网站|www|http"),
        (r"工资|月薪|年薪|薪水", r"工资|薪|收入|待遇"),
        (r"多少岁|多大年纪|年龄", r"岁|年龄|出生|生于|年生|周岁"),
        (r"注册资本|注册资金", r"注册资"),
        (r"平均分", r"平均|分"),
    )
)


def unmet(question: Question, answer: str, cited: Sequence[Evidence]) -> tuple[str, ...]:
    """Why ``answer`` cannot be the answer to ``question``, as stable tags; empty when nothing speaks against it.

    Tags: ``ordinal`` (第一批 asked, not told in what is cited), ``half`` (上半年 asked, 下半年 told), ``year`` (a year
    asked that none of the cited texts speaks of), ``attribute`` (法定代表人 asked, nowhere told), ``kind_person``,
    ``kind_place``, ``kind_list``, ``kind_count``, ``kind_date``, ``kind_money``, ``kind_number`` (the answer has nothing of the
    kind asked for).

    Args:
        answer: the whole draft.
        cited: the cited passages, whole, with published dates and headings (``EvidenceText``) where they are known.
    """
    texts = prepare_all(cited)
    asked = fold_same(question.text)
    said = fold_same(answer).strip()
    if not said or question.kind in ("reason", "how"):
        return ()
    found = []
    if texts:
        found += list(_mismatches(question, asked, texts))
    if not _NONE.search(said):
        found += list(_kinds(question, asked, said, texts))
    return tuple(dict.fromkeys(found))


def _mismatches(question: Question, asked: str, texts: Sequence[Prepared]) -> Iterator[str]:
    """What the question names and the cited texts do not speak of."""
    told = "\n".join(t.folded + "\n" + t.context for t in texts)
    if any(not ordinal_told(m, told) for m in ORDINAL.finditer(asked)):
        yield "ordinal"
    for one, other in (_HALVES, _HALVES[::-1]):
        if one in asked and other not in asked and other in told and one not in told:
            yield "half"
    if _other_year(question, texts):
        yield "year"
    if any(a.search(asked) and not t.search(told) for a, t in _ATTRIBUTES):
        yield "attribute"


def ordinal_told(match: re.Match[str], told: str) -> bool:
    """Does the text tell of the same member of a series: 第三批, 三批, 第2至4批; 首批 for the first?"""
    value, unit = parse_number(match["n"] or match["q"]), match["u"] or match["s"]
    if value is None or (value == 1 and _FIRST.search(told)) or (value == 2 and unit == "次" and _AGAIN.search(told)):
        return True
    for told_one in re.finditer(rf"(\d+|[{_HAN}]+)(?:(?:至|到|-|、)第?(\d+|[{_HAN}]+))?个?{unit}", told):
        low, high = parse_number(told_one[1]), parse_number(told_one[2]) if told_one[2] else None
        if low == value or high == value or (low is not None and high is not None and low <= value <= high):
            return True
    return f"第{match['n'] or match['q']}" in told and unit in ("场", "次", "任", "代")


def _other_year(question: Question, texts: Sequence[Prepared]) -> bool:
    """A year of the question, of which no cited text speaks, when all of them speak of other years."""
    asked = {d.year for d in question.dates if d.year is not None}
    if not asked:
        return False
    if any(_that_day_otherwise(day, texts) for day in question.dates if day.year is not None and day.month and day.day):
        return True
    told: set[int] = set()
    for text in texts:
        own = {y for d in text.dates for y in (d.year, *d.soft_years) if y is not None}
        published = text.evidence.published or ""
        told |= own | {int(published[:4])} if published[:4].isdigit() else own
        told |= {int(y) for y in re.findall(r"(?<!\d)\d{4}(?!\d)", text.folded + text.context)}
    return bool(told) and not asked & told


def _that_day_otherwise(day: Date, texts: Sequence[Prepared]) -> bool:
    """Is the day told, but of other years only (2022年9月18日 asked, 9月18日 of a report of 2023)?"""
    told = [d for t in texts for d in t.dates if (d.month or d.soft_month, d.day) == (day.month, day.day)]
    years = [{d.year} if d.year is not None else set(d.soft_years) for d in told]
    return bool(told) and all(own and day.year not in own for own in years)


def _kinds(question: Question, asked: str, said: str, texts: Sequence[Prepared]) -> Iterator[str]:
    """Kinds of thing that the question asks for and the answer has nothing of."""
    if _ROLE_ASKED.search(asked) and _only_body(asked, said):
        yield "kind_person"
    if question.kind == "place" and _WHERE.search(asked) and (not _has_place(asked, said) or only_asked_place(asked, said, texts)):
        yield "kind_place"
    if only_asked_name(question, asked, said, texts):
        yield "kind_name"
    if (_LISTED.search(asked) and not _HOW_MANY.search(asked) and _only_count(asked, said)) or lists_more(asked, said):
        yield "kind_list"
    if question.kind == "count" and re.search(r"多少|几", asked) and not _COUNTED.search(_QUOTED.sub("", said)):
        yield "kind_count"
    if question.kind == "date" and (not _TIMED.search(said) or only_asked_time(question, asked, said, texts)):
        yield "kind_date"
    if _MONEY.search(asked) and not _MONEY_SAID.search(said):
        yield "kind_money"
    if _NUMBER_ASKED.search(asked.rstrip("?？。 ")) and not re.search(r"\d{3}", said):
        yield "kind_number"


def _only_body(asked: str, said: str) -> bool:
    """Does what is said end with a body, and name no person? 法定代表人是某某有限公司."""
    rest = said.rstrip("。.!！ ")
    value = _SAID_IS.split(rest)[-1]
    return bool(_BODY_END.search(value)) and not any(n.kind in ("person", "latin") and n.text not in asked for n in names(value))


def _has_place(asked: str, said: str) -> bool:
    """A place, or what may be one: a name, 在 with something after it, an ending such as 馆 or 镇; or a bare answer."""
    plain = _QUOTED.sub('""', said).rstrip("。.")
    if len(said) <= 12 or any(n.kind in ("place", "latin", "title") and n.text not in asked for n in names(plain)):
        return True
    pairs = [plain[i : i + 2] in asked for i in range(len(plain))]
    new = "".join("," if pairs[i] or (i and pairs[i - 1]) else c for i, c in enumerate(plain))
    return bool(_LOCATED.search(plain) or _PLACED.search(new))


def _only_count(asked: str, said: str) -> bool:
    """Is a number all that the answer adds to the question? 有哪几路车: 有23条."""
    if len(re.findall(rf"\d+|[{_HAN}]+(?=[个条项家名种])", said)) != 1 or re.search(r"\d", asked) or "、" in said:
        return False
    new = "".join(dict.fromkeys(c for c in _LITTLE.sub("", said) if c not in asked and c not in _HAN))
    return len(new) <= 2 and not _QUOTED.search(said)
