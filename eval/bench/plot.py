"""The medians of a bench as a standalone SVG: a group of bars for each figure, a bar for each system."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from eval.labels import label

COLOURS = ("#1f5fbf", "#c2571a", "#2a8f6f", "#8a4fbf", "#7a7a1f")
SHOWN = ("seconds_evidence_p50", "seconds_first_p50", "seconds_total_p50", "seconds_total_p95")
WIDTH, LEFT, RIGHT, THICK = 760, 150, 90, 18


def medians(found: Mapping[str, Any], lang: str = "zh") -> str:
    """Horizontal bars in seconds with 95 % intervals."""
    systems = found["systems"]
    names = [n for n in SHOWN if any(n in figures for figures in systems.values())]
    top = (
        max((f[n]["high"] or f[n]["value"] for f in systems.values() for n in names if n in f), default=1.0)
        or 1.0
    )
    scale = (WIDTH - LEFT - RIGHT) / top
    body, y = [], 34
    for n, system in enumerate(systems):
        x = LEFT + n * 150
        body.append(
            f'<rect x="{x}" y="8" width="11" height="11" fill="{COLOURS[n % 5]}"/><text x="{x + 16}" y="18">{escape(system)}</text>'
        )
    for name in names:
        body.append(
            f'<text x="{LEFT - 8}" y="{y + THICK * len(systems) / 2 + 4:.0f}" text-anchor="end">{escape(label(name, lang))}</text>'
        )
        for n, figures in enumerate(systems.values()):
            row = figures.get(name)
            if row is not None:
                body.append(
                    f'<rect x="{LEFT}" y="{y}" width="{max(1.0, row["value"] * scale):.1f}" height="{THICK - 3}" fill="{COLOURS[n % 5]}"/>'
                )
                if row["low"] is not None:
                    middle = y + (THICK - 3) / 2
                    body.append(
                        f'<line x1="{LEFT + row["low"] * scale:.1f}" x2="{LEFT + row["high"] * scale:.1f}" y1="{middle}" y2="{middle}" stroke="#222"/>'
                    )
                body.append(
                    f'<text x="{LEFT + max(row["value"], row["high"] or 0) * scale + 6:.1f}" y="{y + 12}">{row["value"]:.2f} s</text>'
                )
            y += THICK
        y += 14
    style = "font:13px 'Noto Sans CJK SC','Microsoft YaHei',sans-serif"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" style="{style}"><rect width="{WIDTH}" height="{y}" fill="#fff"/>{"".join(body)}</svg>\n'
