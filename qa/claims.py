"""Names that a question takes for granted: bodies, persons, places and titles, as spans of folded text, and whether a
text holds one. Knows nothing of what the evidence has instead (``qa.premises``, ``qa.anchored``)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from qa.checks.names import holds, listed, names
from qa.checks.subjects import nouns

BODY = re.compile(r"(?:局|委|[^\W\d_]{4}委员会|办|厅|署|工委|公司|集团|大学|学院|医院|法院|检察院|海关|处|中心|协会|联合会|社科联|银行|党校|支部|党委|科)$")
_OFFICE = re.compile(r"[省市区县](?![的了是在和与及由给向被])[^\W\d_的了是在和与及由给向被]{2,5}?(?:局|委|厅)(?![员托任派屈长面势部限内外中])")
_PART_OF = re.compile(r"([^\W\d_]{2,7}?(?:局|委|厅|署|检察院|法院))[^\W\d_员]{2,}$")
_LONG = re.compile(r"[省市区县]?(?:人力资源|规划|住房|文化|工业|发展|教育|科学)和[^\W\d_的]{2,6}?(?:局|委员会|委|厅)")
_AUTHORITY = re.compile(r"(?:(?<![布结格大当全僵残])局|委|委员会|厅|署|海关|(?<!人民)检察院|(?<!人民)法院|[^\W\d_]{2,}(?:支部|公司|集团|大学|学院|医院|银行))$")
_PLACED = re.compile(r"[省市区县镇乡]$")
_BEFORE = re.compile(r"(?:书记|主任|局长|处长|科长|部长|市长|县长|区长|镇长|村长|校长|院长|馆长|会长|董事长|经理|教授|主席|秘书长|负责人|记者|医生|老师|居民|村民|市民|女士|先生|同志)(?:是|叫)?$")
_AFTER = re.compile(r"(?:书记|主任|局长|处长|科长|部长|市长|县长|区长|镇长|校长|院长|馆长|会长|董事长|总?经理|教授|主席|秘书长|女士|先生|同志)|(?:说|介绍|表示|强调|提出|提到|谈到?|认为|指出|牵头|负责|听[完后])")
_CLASS = "省市县区镇乡村州国岛"


@dataclass(frozen=True, slots=True)
class Named:
    """A name of a folded text with its span; ``kind`` is body, person, place or title."""

    text: str
    start: int
    end: int
    kind: str


def bodies(folded: str) -> Iterator[Named]:
    """Runs of nouns that end like a body (市财政局, 就业促进处党支部), and offices of a place that are no noun to the
    dictionary (市住建委), in reading order, not overlapping."""
    found = []
    for start, end in nouns(folded, 0, len(folded)):
        start = next((i + 1 for i in range(end - 1, start - 1, -1) if not folded[i].isalnum()), start)
        found.append((start, end))
    known = names(folded)
    for one, two in zip((None, *known), known, strict=False):
        if two.kind == "body":  # 东湖区 + 教育局
            joined = one is not None and one.kind == "place" and one.end == two.start and _PLACED.search(one.text)
            found.append((one.start if one and joined else two.start, two.end))
    found += [m.span() for pattern in (_OFFICE, _LONG) for m in pattern.finditer(folded)]
    last = 0
    for start, end in sorted(found, key=lambda s: (s[0], -s[1])):
        if start >= last and BODY.search(folded[start:end]) and 3 <= end - start <= 14:
            yield Named(folded[start:end], start, end, "body")
            last = end


def named(folded: str) -> Iterator[Named]:
    """Bodies, then the persons, places and titles that are surely names."""
    taken: set[int] = set()
    for body in bodies(folded):
        taken.update(range(body.start, body.end))
        yield body
    for name in names(folded):
        if name.kind == "person":
            sure = "·" in name.text or (len(name.text) > 2 and listed(name.text)) or _spoken_of(folded, name.start, name.end)
        else:
            sure = name.kind == "title" or (name.kind == "place" and listed(name.text))
        if name.kind in ("person", "place", "title") and sure and not taken & set(range(name.start, name.end)):
            yield Named(name.text, name.start, name.end, name.kind)


def _spoken_of(folded: str, start: int, end: int) -> bool:
    """Does an office stand beside the name, or does it speak: 院长周启明, 王欢介绍?"""
    return bool(_BEFORE.search(folded[:start]) or _AFTER.match(folded, end))


def office(name: Named) -> bool:
    """An authority or a company, not a kind of them (行业协会, 公证处)."""
    return name.kind == "body" and bool(_AUTHORITY.search(name.text))


def holds_name(text: str, name: str) -> bool:
    """The name, or what is left of it without 市 before or a class word behind, or a longer or shorter form of it (工委,
    就业促进处支部, 人社局 for 市级机关工委, 就业促进处党支部, 市人力资源和社会保障局); in any part of two characters or more. Of an office
    and a part of it (市工信局自贸处) the office must be there."""
    short = re.sub(r"^(?:天津)?[市省区县]", "", name)
    if holds(text, name) or (len(short) > 2 and short in text):
        return True
    if BODY.search(name) and (re.search(r"\w{0,3}".join(map(re.escape, short or name)), text) or _shortened(name, text)):
        return True
    if (office := _PART_OF.match(name)) and not holds_name(text, office[1]):
        return False
    parts = [name[i : i + 2] for i in range(len(name) - 1)]
    return len(name) > 3 and 2 * sum(p in text for p in parts) > len(parts)


def _shortened(name: str, text: str) -> bool:
    """Does the text have a short form of a long office's name: 发改委 for 市发展和改革委员会?"""
    plain = re.sub(r"委员会$", "委", name)
    if len(plain) < 6:
        return False
    own = re.sub(r"^[市省区县]", "", plain)
    for match in re.finditer(rf"(?=([^\W\d_]{{2,4}}{re.escape(plain[-1])}))", text):
        for at in range(len(match[1]) - 2):
            letters = iter(own)
            if match[1][at] in own[:2] and all(c in letters for c in match[1][at:]):
                return True
    return False


def alike(one: Named, two: Named) -> bool:
    """Names of one kind and, for places, of one class: a town is in a country, not in its place. Not two spellings."""
    if one.kind != two.kind or one.text in two.text or two.text in one.text:
        return False
    own, other = one.text, two.text
    if one.kind == "title":
        return own[-2:] == other[-2:]  # two letters, two rules
    if one.kind == "body":
        common = len(os.path.commonprefix((own, other)))
        return common == 0 or own[common - 1] in "市区县省"
    if own[0] == other[0] and (one.kind != "person" or "·" in own or set(own[1:]) & set(other[1:])):
        return False
    classes = [n[-1] if n[-1] in _CLASS else "" for n in (own, other)]
    return one.kind != "place" or classes[0] == classes[1]
