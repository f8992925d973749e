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
class Frame:
    """A plot area: data ranges and how they map to pixels."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        return LEFT + (value - self.x_low) / (self.x_high - self.x_low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (value - self.y_low) / (self.y_high - self.y_low) * (HEIGHT - TOP - BOTTOM)


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


def _dot(x: float, y: float, radius: float, series: int) -> Shape:
    return Shape(
        "circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": f"{radius:g}", "class": f"dot s{series % SERIES}"}
    )


def _grid(
    frame: Frame, xs: Sequence[tuple[float, str]], ys: Sequence[tuple[float, str]], x_name: str, y_name: str
) -> list[Shape]:
    body = []
    for value, name in ys:
        body += [
            _line(LEFT, frame.y(value), WIDTH - RIGHT, frame.y(value), "grid"),
            _text(LEFT - 6, frame.y(value) + 4, name, anchor="end"),
        ]
    body += [_text(frame.x(value), HEIGHT - BOTTOM + 16, name) for value, name in xs]
    body.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 5, x_name, "axis"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    turned = f"translate(12 {middle:.1f}) rotate(-90)"
    body.append(Shape("text", {"transform": turned, "class": "axis", "text-anchor": "middle"}, y_name))
    return body


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
    frame = Frame(0, 1, 0, top)
    body = _grid(frame, _percent([0, 0.25, 0.5, 0.75, 1]), _percent(ticks(0, top, 5)), x_name, y_name)
    body += [
        _path([(frame.x(c), frame.y(min(r, top))) for c, r in curve], f"line s{n % SERIES}")
        for n, curve in drawn
    ]
    return _plot(body, f"{y_name} / {x_name}")


def recall_at_k(runs: Sequence[dict[str, Figure]], name: str) -> Plot | None:
    """hit@k (solid, with intervals) and recall@k (dashed) for the depths that the runs have; None without
    any."""
    depths = sorted({int(key.partition("@")[2]) for run in runs for key in run if key.startswith("hit@")})
    if not depths:
        return None
    values = [
        f.low if f.low is not None else f.value
        for run in runs
        for k, f in run.items()
        if k.startswith(("hit@", "recall@"))
    ]
    floor = max(0.0, math.floor(10 * min(v for v in values if v is not None)) / 10 - 0.1)
    frame = Frame(0, len(depths) - 1 or 1, floor, 1.0)
    body = _grid(frame, [(n, str(k)) for n, k in enumerate(depths)], _percent(ticks(floor, 1.0, 6)), "k", "")
    for n, run in enumerate(runs):
        shift = (n - (len(runs) - 1) / 2) * 6
        for metric, dash in (("hit", ""), ("recall", " dashed")):
            points = []
            for place, k in enumerate(depths):
                figure = run.get(f"{metric}@{k}")
                if figure is None or figure.value is None:
                    continue
                x = frame.x(place) + shift
                points.append((x, frame.y(figure.value)))
                if not dash and figure.low is not None and figure.high is not None:
                    body.append(
                        _line(x, frame.y(figure.low), x, frame.y(figure.high), f"whisker s{n % SERIES}")
                    )
            if points:
                body.append(_path(points, f"line s{n % SERIES}{dash}"))
                body += [_dot(x, y, 3, n) for x, y in points if not dash]
    return _plot(body, name)


def histogram(
    runs: Sequence[Sequence[float]], x_name: str, y_name: str, marks: Sequence[Sequence[float]]
) -> Plot | None:
    """Counts of seconds in equal bins up to the 99th percentile (the rest in the last); ``marks``: dashed
    lines a run."""
    drawn = [(n, sorted(values)) for n, values in enumerate(runs) if values]
    if not drawn:
        return None
    top = max(values[min(len(values) - 1, int(0.99 * len(values)))] for _, values in drawn) * 1.02 or 1.0
    bins = 24
    counts = {n: [0] * bins for n, _ in drawn}
    for n, values in drawn:
        for value in values:
            counts[n][min(bins - 1, int(value / top * bins))] += 1
    highest = max(map(max, counts.values()))
    frame = Frame(0, top, 0, highest * 1.08)
    xs = [(t, f"{t:g}") for t in ticks(0, top)]
    whole = [(t, f"{t:g}") for t in ticks(0, highest, 5) if t == int(t)]
    body = _grid(frame, xs, whole, x_name, y_name)
    each = (frame.x(top / bins) - frame.x(0)) / len(drawn)
    for place, (n, _) in enumerate(drawn):
        for b, count in enumerate(counts[n]):
            if count:
                x, y = frame.x(b * top / bins) + place * each, frame.y(count)
                body.append(_bar(x + 0.5, y, each - 1, frame.y(0) - y, n))
        body += [
            _line(frame.x(m), TOP, frame.x(m), frame.y(0), f"mark s{n % SERIES}")
            for m in marks[n]
            if m <= top
        ]
    return _plot(body, x_name)


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
    body.append(_dot(2 + 116 * figure.value, 7, 3.2, series))
    return Plot(tuple(body), {"class": "gauge", "viewBox": "0 0 120 14", "aria-hidden": "true"})
