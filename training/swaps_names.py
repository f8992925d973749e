"""Names in the passages of the swap test: gold answers of who, where and which body, and what jieba tags as
names.

jieba's tags are often wrong (城市 and 古城 as places, 世锦赛 and 段时间 as persons, 上进心 as a body). A
tagged word counts only when it is a name by rules that know nothing of the checks: a person has one of the
hundred commonest surnames before what is no common word, or is written in the characters used for foreign
names; a body ends like one; a place is not in a list of common nouns, which was drawn from jieba's dictionary
and not from what the checks miss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from training.swaps_rewrite import scripts

_WHO = re.compile(r"谁|誰|哪(?:一)?位|何人|什么人")
_WHERE = re.compile(
    r"哪里|哪裡|哪儿|何处|何處|哪(?:个|個|座|一个|一個)?(?:城市|国家|國家|省|地方|地区|地區|州|县|縣|区)|什么地方|何地"
)
_BODY = re.compile(
    r"(?:哪|什么|何)(?:一)?(?:个|個|家|所|支|间|間)?(?:公司|学校|大学|机构|組織|组织|單位|单位|學校|大學|機構|球队|球隊|部门|電視台|电视台|出版社)"
)
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_FOREIGN = frozenset(
    "阿埃艾安昂奥巴白班邦保贝本比彼宾波伯博布查达代戴丹道德邓狄迪蒂丁东杜多厄恩尔法凡范菲费芬弗夫弥福盖甘冈高戈哥格根古瓜哈海汉豪赫亨洪胡华怀霍基吉加嘉贾杰捷金津卡凯坎康考科克肯孔库夸拉莱赖兰朗劳勒雷黎里理利莉林琳龙隆卢鲁路伦罗洛吕"
    "马玛迈麦曼芒毛梅门蒙米密明缪莫默姆木穆纳娜奈南内尼涅纽努诺欧帕潘庞佩彭皮平珀普奇齐契钱强乔切钦青琼丘萨塞赛桑森沙山珊尚绍舍申圣胜施什史士斯松苏索塔泰坦汤唐特腾提廷图托瓦万旺威韦维伟魏温文翁沃乌武西希锡夏香肖谢辛欣兴雄休修许逊雅亚延扬耶叶伊易因英尤于约泽扎詹章哲珍朱兹佐茨顿娃"
)
_BODY_END = re.compile(
    r"[队局部院社校党军司学行团厂所馆店署厅委台庭站会盟组构]$|集团|组织|基金|政府|乐队|俱乐部"
)
_MEETING = re.compile(r"(?:全会|大会|会议|机会|社会)$")
_COMMON = frozenset(
    [
        "城市",
        "都市",
        "城镇",
        "古城",
        "古镇",
        "古国",
        "古都",
        "古堡",
        "古寺",
        "古庙",
        "城邑",
        "城堡",
        "城垣",
        "城区",
        "城关",
        "旧城",
        "新城",
        "新区",
        "新村",
        "新港",
        "王国",
        "外国",
        "故国",
        "大国",
        "小国",
        "国外",
        "国内",
        "首都",
        "京城",
        "都城",
        "大都市",
        "大城市",
        "大中城市",
        "县城",
        "市区",
        "郊区",
        "山区",
        "山地",
        "山脉",
        "山丘",
        "山谷",
        "山坡",
        "山岗",
        "山岭",
        "山峰",
        "山川",
        "山村",
        "山林",
        "山水",
        "山洞",
        "山泉",
        "山庄",
        "山寨",
        "山南",
        "山北",
        "山门",
        "海域",
        "海湾",
        "海峡",
        "海岛",
        "海岸",
        "海洋",
        "海港",
        "海滨",
        "海滩",
        "海沟",
        "海外",
        "海军",
        "海鲜",
        "海马",
        "沿海",
        "沿海地区",
        "河流",
        "河谷",
        "河口",
        "河畔",
        "河滩",
        "河川",
        "河道",
        "河马",
        "江河",
        "大江",
        "大河",
        "大海",
        "大洋",
        "大洲",
        "大陆",
        "大桥",
        "大街",
        "大坝",
        "岛屿",
        "半岛",
        "群岛",
        "小岛",
        "湖泊",
        "湖区",
        "平原",
        "高原",
        "盆地",
        "沙漠",
        "草原",
        "地区",
        "区域",
        "省份",
        "省会",
        "国家",
        "各国",
        "各省",
        "各市",
        "各县",
        "全国",
        "全省",
        "全市",
        "全县",
        "本国",
        "本省",
        "本市",
        "两国",
        "他国",
        "敌国",
        "邻国",
        "盟国",
        "东道国",
        "中立国",
        "村庄",
        "村落",
        "乡村",
        "乡镇",
        "农村",
        "农庄",
        "家乡",
        "故乡",
        "祖国",
        "帝国",
        "内地",
        "内河",
        "内陆",
        "境内",
        "境外",
        "海内外",
        "国际",
        "当地",
        "西部",
        "东部",
        "南部",
        "北部",
        "中部",
        "东北部",
        "西北部",
        "东南部",
        "西南部",
        "中心区",
        "老城区",
        "旧城区",
        "中东部",
        "中断",
        "中风",
        "中考",
        "新鲜",
        "新建",
        "新旧",
        "山羊",
        "山鸡",
        "南瓜",
        "西瓜",
        "古典",
    ]
)
_PLAIN = 3000
"""A given name that jieba's dictionary counts more often than this is a common word: 时间 of 段时间."""


def is_name(word: str, kind: str) -> bool:
    """Is a word of jieba's (simplified script) really a name of its kind?"""
    import jieba

    if kind == "place":
        return word not in _COMMON
    if kind == "body":
        return bool(_BODY_END.search(word)) and not _MEETING.search(word)
    frequency: dict[str, int] = jieba.dt.FREQ
    given = word[1:]
    own = word[0] in _SURNAMES and len(word) <= 4 and (frequency.get(given) or 0) < _PLAIN
    return own or all(c in _FOREIGN or c == "·" for c in word)


def named(
    questions: Sequence[tuple[str, str, int]], text: str, question: str
) -> Iterator[tuple[int, int, str]]:
    """Names in ``text``: gold answers of who, where and which body, and jieba's persons, places and
    bodies."""
    for asked, answer, _ in questions:
        kind = (
            "person"
            if _WHO.search(asked)
            else "place"
            if _WHERE.search(asked)
            else "body"
            if _BODY.search(asked)
            else ""
        )
        if (
            kind
            and 2 <= len(answer) <= 12
            and answer in text
            and answer not in (question or "")
            and re.fullmatch(r"[\w·《》]+", answer)
        ):
            at = text.find(answer)
            yield at, at + len(answer), kind
    for word, flag, at in tags(text):
        kind = {"nr": "person", "ns": "place", "nt": "body"}.get(flag, "")
        if (
            kind
            and len(word) >= (3 if kind == "person" else 2)
            and word not in (question or "")
            and is_name(word.translate(scripts()["t2s"]), kind)
        ):
            yield at, at + len(word), kind


@lru_cache(maxsize=20_000)
def tags(text: str) -> tuple[tuple[str, str, int], ...]:
    """jieba's words with part of speech and offset, of the text in simplified script."""
    import jieba
    import jieba.posseg

    jieba.setLogLevel(60)
    out, at = [], 0
    for pair in jieba.posseg.lcut(text.translate(scripts()["t2s"])):
        out.append((text[at : at + len(pair.word)], pair.flag, at))
        at += len(pair.word)
    return tuple(out)
