"""Plots as shapes of SVG, put down here: no library, no outside request, and colours that follow the page's
style.

templates/svg.html makes text of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eval.metrics.stats import Figure

WIDTH, HEIGHT = 360, 236
LEFT, RIGHT, TOP, BOTTOM = 48, 20, 10, 38
SERIES = 5
"""Runs are drawn in so many colours, then from the start again (classes s0 ... s4 of the style sheet)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An element of SVG with its attributes and, for text, what it says."""

    tag: str
    attributes: Mapping[str, object] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing; ``attributes`` are those of the whole."""

    shapes: tuple[Shape, ...]
    attributes: Mapping[str, object]


def _plot(body: Sequence[Shape], label: str, width: float = WIDTH, height: float = HEIGHT) -> Plot:
    return Plot(tuple(body), {"viewBox": f"0 0 {width:g} {height:g}", "role": "img", "aria-label": label})


def _text(x: float, y: float, text: str, kind: str = "tick", anchor: str = "middle") -> Shape:
    return Shape("text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "class": kind, "text-anchor": anchor}, text)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Shape:
    places = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    return Shape("line", {name: f"{value:.1f}" for name, value in places.items()} | {"class": kind})


def _bar(x: float, y: float, width: float, height: float, series: int) -> Shape:
    places = {"x": x, "y": y, "width": width, "height": height}
    return Shape("rect", {n: f"{v:.1f}" for n, v in places.items()} | {"class": f"bar s{series % SERIES}"})


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from low to high, at most ``most``."""
    span = (high - low) or 1.0
    raw = span / max(1, most - 1)
    power = 10 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _percent(values: Sequence[float]) -> list[tuple[float, str]]:
    return [(value, f"{100 * value:g}%") for value in values]


def _path(points: Sequence[tuple[float, float]], kind: str) -> Shape:
    return Shape("polyline", {"points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points), "class": kind})


def risk_coverage(curves: Sequence[Sequence[Sequence[float]]], x_name: str, y_name: str) -> Plot | None:
    """Risk against coverage, one line a run; None when no run has a curve."""
    drawn = [(n, curve) for n, curve in enumerate(curves) if len(curve) > 1]
    if not drawn:
        return None
    top = max(0.1, max(risk for _, curve in drawn for _, risk in curve))
    top = min(1.0, math.ceil(top * 10) / 10)
    end, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    def x(coverage: float) -> float:
        return LEFT + coverage * (end - LEFT)

    def y(risk: float) -> float:
        return bottom - risk / top * (bottom - TOP)

    body = []
    for risk, name in _percent(ticks(0, top, 5)):
        body += [_line(LEFT, y(risk), end, y(risk), "grid"), _text(LEFT - 6, y(risk) + 4, name, anchor="end")]
    body += [_text(x(share), bottom + 16, name) for share, name in _percent([0, 0.25, 0.5, 0.75, 1])]
    body.append(_text((LEFT + end) / 2, HEIGHT - 5, x_name, "axis"))
    turned = f"translate(12 {(TOP + bottom) / 2:.1f}) rotate(-90)"
    body.append(Shape("text", {"transform": turned, "class": "axis", "text-anchor": "middle"}, y_name))
    body += [_path([(x(c), y(min(r, top))) for c, r in curve], f"line s{n % SERIES}") for n, curve in drawn]
    return _plot(body, f"{y_name} / {x_name}")


def bars(rows: Sequence[tuple[str, Sequence[Figure | None]]], name: str) -> Plot | None:
    """Horizontal bars with intervals, one row a type and one bar a run."""
    if not rows:
        return None
    runs = max(len(figures) for _, figures in rows)
    thick, gap, left, width = (16 if runs == 1 else 11), 10, 128, 960
    step = runs * (thick + 1) + gap
    height = len(rows) * step + 30

    def across(value: float) -> float:
        return left + value * (width - left - 60)

    body = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        body += [
            _line(across(share), 4, across(share), height - 24, "grid"),
            _text(across(share), height - 8, f"{100 * share:g}%"),
        ]
    for place, (kind, figures) in enumerate(rows):
        top = place * step + 6
        body.append(_text(left - 8, top + (step - gap) / 2 + 4, kind, "name", "end"))
        for n, figure in enumerate(figures):
            if figure is None or figure.value is None:
                continue
            y = top + n * (thick + 1)
            body.append(_bar(left, y, max(1.0, across(figure.value) - left), thick, n))
            if figure.low is not None and figure.high is not None:
                body.append(
                    _line(across(figure.low), y + thick / 2, across(figure.high), y + thick / 2, "interval")
                )
            body.append(
                _text(width - 54, y + thick - 3, f"{100 * figure.value:.0f}% ({figure.n})", "tick", "start")
            )
    return _plot(body, name, width, height)


def gauge(figure: Figure, series: int = 0) -> Plot | None:
    """A share with its interval on a line from 0 to 1, for a table row."""
    if figure.value is None:
        return None
    body = [_line(2, 7, 118, 7, "grid")]
    if figure.low is not None and figure.high is not None:
        body.append(_line(2 + 116 * figure.low, 7, 2 + 116 * figure.high, 7, f"span s{series % SERIES}"))
    dot = {"cx": f"{2 + 116 * figure.value:.1f}", "cy": "7.0", "r": "3.2", "class": f"dot s{series % SERIES}"}
    body.append(Shape("circle", dot))
    return Plot(tuple(body), {"class": "gauge", "viewBox": "0 0 120 14", "aria-hidden": "true"})
