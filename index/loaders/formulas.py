"""Office formulas (OMML, ECMA-376 part 1, 22.1) as one line of text: (a+b)/2, x^2, √(x), ∑(i=1..n)."""

from __future__ import annotations

import re
from typing import Any

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_PLAIN = re.compile(r"[\w.%′°]+|[(（\[{|].*[)）\]}|]")
DEPTH_MAX = 60


def linear(element: Any, depth: int = 0) -> str:
    """A formula (``m:oMath`` or any part of one) as text."""
    if depth > DEPTH_MAX:
        return "".join(element.itertext())
    kind = element.tag.removeprefix(M) if isinstance(element.tag, str) else ""

    def part(name: str) -> str:
        found = element.find(M + name)
        return linear(found, depth + 1) if found is not None else ""

    def said(name: str, otherwise: str) -> str:
        found = element.find(f"{M}{kind}Pr/{M}{name}")
        return otherwise if found is None else found.get(M + "val", otherwise)

    match kind:
        case "t":
            return element.text or ""
        case "f":
            return f"{_group(part('num'))}/{_group(part('den'))}"
        case "sSup":
            return f"{_group(part('e'))}^{_group(part('sup'))}"
        case "sSub":
            return f"{_group(part('e'))}_{_group(part('sub'))}"
        case "sSubSup":
            return f"{_group(part('e'))}_{_group(part('sub'))}^{_group(part('sup'))}"
        case "sPre":
            return f"_{_group(part('sub'))}^{_group(part('sup'))}{part('e')}"
        case "rad":
            root = part("deg")
            return f"{root}√({part('e')})" if root else f"√({part('e')})"
        case "nary":
            low, high = part("sub"), part("sup")
            limits = f"({low}..{high})" if low and high else f"({low or high})" if low or high else ""
            return f"{said('chr', '∫')}{limits}{_group(part('e'))}"
        case "d":
            begin, end, between = said("begChr", "("), said("endChr", ")"), said("sepChr", "|")
            return begin + between.join(linear(each, depth + 1) for each in element.findall(M + "e")) + end
        case "func":
            name, of = part("fName"), part("e")
            return name + (of if of.startswith(("(", "（")) else f"({of})")
        case "limLow" | "limUpp":
            return f"{part('e')}({part('lim')})"
        case "m":
            rows = (
                "，".join(linear(each, depth + 1) for each in row.findall(M + "e"))
                for row in element.findall(M + "mr")
            )
            return f"[{'；'.join(rows)}]"
        case "eqArr":
            return "；".join(linear(each, depth + 1) for each in element.findall(M + "e"))
        case "oMathPara":
            return "；".join(filter(None, (linear(each, depth + 1) for each in element.findall(M + "oMath"))))
        case _ if kind.endswith("Pr"):
            return ""
        case _:
            return "".join(
                linear(child, depth + 1) if str(child.tag).startswith(M) else _run_text(child)
                for child in element
            )


def _run_text(element: Any) -> str:
    return (element.text or "") if str(element.tag).endswith("}t") else ""


def _group(text: str) -> str:
    """In brackets, unless it is one number, name or bracket."""
    text = text.strip()
    return text if len(text) < 2 or _single(text) else f"({text})"


def _single(text: str) -> bool:
    if not _PLAIN.fullmatch(text):
        return False
    if text[0] not in "(（[{":
        return True
    depth = 0
    for number, char in enumerate(text):
        depth += (char in "(（[{") - (char in ")）]}")
        if not depth and number < len(text) - 1:
            return False
    return True
