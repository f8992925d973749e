"""The medians of a bench as a standalone SVG: a group of bars for each figure, a bar for each system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.labels import label
from eval.report.page import REPORTS
from eval.report.plots import Plot, Shape

COLOURS = ("#1f5fbf", "#c2571a", "#2a8f6f", "#8a4fbf", "#7a7a1f")
SHOWN = ("seconds_evidence_p50", "seconds_first_p50", "seconds_total_p50", "seconds_total_p95")
WIDTH, LEFT, RIGHT, THICK = 760, 150, 90, 18


def medians(found: Mapping[str, Any]) -> str:
    """Horizontal bars in seconds with 95 % intervals."""
    systems = found["systems"]
    names = [n for n in SHOWN if any(n in figures for figures in systems.values())]
    top = (
        max((f[n]["high"] or f[n]["value"] for f in systems.values() for n in names if n in f), default=1.0)
        or 1.0
    )
    scale = (WIDTH - LEFT - RIGHT) / top
    body, y = [], 34.0
    for n, system in enumerate(systems):
        x = LEFT + n * 150
        body += [_rect(x, 8, 11, 11, n), Shape("text", {"x": x + 16, "y": 18}, system)]
    for name in names:
        middle = f"{y + THICK * len(systems) / 2 + 4:.0f}"
        body.append(Shape("text", {"x": LEFT - 8, "y": middle, "text-anchor": "end"}, label(name, "zh")))
        for n, figures in enumerate(systems.values()):
            if (row := figures.get(name)) is not None:
                body += _bar(row, y, scale, n)
            y += THICK
        y += 14
    style = "font:13px 'Noto Sans CJK SC','Microsoft YaHei',sans-serif"
    paper = Shape("rect", {"width": WIDTH, "height": f"{y:g}", "fill": "#fff"})
    whole = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {WIDTH} {y:g}", "style": style}
    return REPORTS.render("plot.svg", plot=Plot((paper, *body), whole))


def _bar(row: Mapping[str, Any], y: float, scale: float, n: int) -> list[Shape]:
    """A bar with its interval and its figure."""
    body = [_rect(LEFT, y, max(1.0, row["value"] * scale), THICK - 3, n)]
    if row["low"] is not None:
        middle = f"{y + (THICK - 3) / 2:g}"
        low, high = (f"{LEFT + row[end] * scale:.1f}" for end in ("low", "high"))
        body.append(Shape("line", {"x1": low, "x2": high, "y1": middle, "y2": middle, "stroke": "#222"}))
    right = f"{LEFT + max(row['value'], row['high'] or 0) * scale + 6:.1f}"
    return [*body, Shape("text", {"x": right, "y": f"{y + 12:g}"}, f"{row['value']:.2f} s")]


def _rect(x: float, y: float, width: float, height: float, n: int) -> Shape:
    return Shape(
        "rect",
        {
            "x": f"{x:g}",
            "y": f"{y:g}",
            "width": f"{width:.1f}",
            "height": f"{height:g}",
            "fill": COLOURS[n % 5],
        },
    )
