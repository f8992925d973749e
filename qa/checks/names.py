"""Names of persons, bodies, places and works in folded text. Rules and jieba's dictionary; no model.

Knows nothing of evidence; comparing is in ``swaps``.
"""

from __future__ import annotations

import functools
import re
import warnings
from dataclasses import dataclass
from typing import Any

_TYPES = {"nr": "person", "nrt": "person", "nrfg": "person", "ns": "place", "nt": "body", "nz": "other"}
_QUOTED = re.compile(r"《([^《》]{1,40})》|\"([^\"]{2,20})\"")
_LATIN = re.compile(r"[a-z][a-z0-9]*(?:[ .&'/_-]{1,2}[a-z0-9]+)*")
_BODY_WORD = re.compile(r"(?!有限|委员|办公|一中|公)..*(?:局|委|厅|署|法院|医院|大学|学院|公司|集团|银行|协会|委员会|工委|办公室|检察院)")
NO_NAMES = frozenset(["东西", "藉由", "始祖", "范畴", "登基", "籍贯", "波及", "宣言", "大儒", "惠及", "普及", "长眠", "太多"])
"""Words that jieba's dictionary has as names of persons or places."""
_COMMON_PLACE = re.compile(
    r"[两各全本我该此外他她几多][国省市县区镇乡村州]|[国省市县区镇乡村州]|城市|都市|国家|地区|乡镇|省份|县城|市区|城区|农村|首都|中华民国|中华人民共和国|省会|市场|城镇|海外|境内|境外|内地|当地|海[港洋湾域峡岛滨滩岸]|山[脉区地丘谷坡峰村川]|河[流谷口畔]|古[城镇国都]|[新旧老][城区]|波及|登基|籍贯"
)
_FOREIGN = re.compile(r"[\u4e00-\u9fff]{1,6}(?:·[\u4e00-\u9fff]{1,6})+")
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷"
    "侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆"
    "蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩"
    "明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈"
)
_SURNAMES2 = frozenset("欧阳 司马 诸葛 上官 司徒 东方 独孤 南宫 夏侯 皇甫 尉迟 公孙 慕容 宇文 长孙 令狐 轩辕 完颜 爱新 耶律 拓跋 织田 丰臣 德川 武田".split())  # noqa: SIM905


_TITLED = re.compile(
    r"(?:书记|主任|局长|处长|科长|部长|市长|县长|区长|校长|院长|会长|董事长|总经理|经理|教授|主席|总统|秘书长|负责人|记者|医生|女士|先生|同志)"
    rf"((?![和同与及是在有对为向从到将等并])[{''.join(sorted(_SURNAMES))}][\u4e00-\u9fff]{{1,2}}?)"
    r"(?=介绍|说|表示|认为|感慨|称|指出|强调|道|这样|坦言|告诉|透露|补充|[，。、,.;；:：\"“”]|$)"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name as a half-open span of the folded text; ``kind`` is person, place, body, title or latin."""

    text: str
    start: int
    end: int
    kind: str


RARE = 300
"""A noun that jieba's dictionary counts less often than this is rare (电影 10000, 望远镜 291)."""


@functools.lru_cache(maxsize=1)
def _tagger() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
        import jieba.posseg as posseg

    jieba.setLogLevel(60)
    jieba.initialize()
    return posseg


def warm() -> None:
    """Load the dictionary (about 0.8 s) before the first question needs it."""
    tagged("预热")


@functools.lru_cache(maxsize=4096)
def tagged(folded: str) -> tuple[tuple[str, str, int], ...]:
    """Words of a folded text as (word, part of speech of jieba, offset)."""
    out, at = [], 0
    for pair in _tagger().lcut(folded):
        out.append((pair.word, pair.flag, at))
        at += len(pair.word)
    return tuple(out)


def words(folded: str) -> tuple[tuple[str, int], ...]:
    """Words of a folded text with their offsets."""
    return tuple((word, at) for word, _, at in tagged(folded))


@functools.lru_cache(maxsize=4096)
def names(folded: str) -> tuple[Name, ...]:
    """Names in reading order, not overlapping; the longest reading wins."""
    found = [Name(m.group(1) or m.group(2), m.start(), m.end(), "title") for m in _QUOTED.finditer(folded)]
    found += [Name(m.group(1), m.start(1), m.end(1), "person") for m in _TITLED.finditer(folded)]
    found += [Name(m.group(), m.start(), m.end(), "person") for m in _FOREIGN.finditer(folded)]
    found += [Name(m.group(), m.start(), m.end(), "latin") for m in _LATIN.finditer(folded) if len(m.group()) > 1]
    for word, flag, at in tagged(folded):
        kind = _TYPES.get(flag) or ("body" if len(word) > 2 and _BODY_WORD.fullmatch(word) else None)
        if kind == "person" and not listed(word) and word[0] not in _SURNAMES and word[:2] not in _SURNAMES2:
            continue  # a guess of jieba's that does not begin with a surname
        if kind == "person" and not listed(word) and at and folded[at - 1].isdigit():
            continue  # 5张歌
        if word in NO_NAMES or (kind == "place" and _COMMON_PLACE.fullmatch(word)):
            continue
        if kind and len(word) > 1:
            found.append(Name(word, at, at + len(word), kind))
    found.sort(key=lambda n: (n.start, -(n.end - n.start)))
    kept: list[Name] = []
    for name in found:
        if not kept or name.start >= kept[-1].end:
            kept.append(name)
    return tuple(kept)


def _joint(name: str, at: int) -> str:
    """The dot with up to two characters of the names on each side."""
    left, right = name[:at].rsplit("·", 1)[-1], name[at + 1 :].split("·", 1)[0]
    return left[-2:] + "·" + right[:2]


_TAIL = re.compile(r"(?:省|市|县|区|州|镇|乡|村|街道|自治区|特别行政区|国|有限公司|公司|集团|先生|女士|同志|教授|博士)$")


def holds(folded: str, name: str) -> bool:
    """Does a folded text hold the name, perhaps without its class word (天津 for 天津市)?"""
    if name in folded:
        return True
    if "·" in name:  # the pattern may have taken a verb or particle along at either end
        return all(_joint(name, m.start()) in folded for m in re.finditer("·", name))
    short = _TAIL.sub("", name)
    return len(short) >= 2 and short != name and short in folded


def name_like(folded: str, start: int, end: int) -> bool:
    """Is the span a name for the most part, as jieba or the patterns see it?"""
    inside = sum(min(n.end, end) - max(n.start, start) for n in names(folded) if n.start < end and start < n.end)
    return inside >= 0.6 * (end - start)


def listed(word: str) -> bool:
    """Is the word in jieba's dictionary (its tag is then no guess)?"""
    return bool(_tagger().dt.word_tag_tab.get(word))


def noun(folded: str, start: int, end: int) -> bool:
    """Is there a noun or name of two or more characters in the span?"""
    return any(
        at < end and start < at + len(word) and len(word) > 1 and flag[:1] in "nijx" for word, flag, at in tagged(folded)
    )


def rare(folded: str, start: int, end: int) -> bool:
    """Is there a noun in the span that is unknown or seldom used? Common nouns have synonyms, names do not."""
    frequency = _tagger().dt.tokenizer.FREQ
    for word, flag, at in tagged(folded):
        if at < end and start < at + len(word) and len(word) > 1 and flag[:1] in "nijx" and (frequency.get(word) or 0) < RARE:
            return True
    return False
