"""Text recognition (OCR) of pages without a text layer: rapidocr, whose Chinese models travel in its package.

Gives letters and ruling lines in the page's own frame, so that columns, tables and headings are found as in
any page.
"""

from __future__ import annotations

import gc
import importlib.util
import math
import os
from functools import cache
from statistics import median
from typing import Any

from index.loaders import signs
from index.loaders.pdf_page import Letter, Page, Rule

SURE = 0.9
"""Mean probability of a line's characters below which it is marked."""

DPI = 150
SIDE_MAX = 3_500
"""Pixels of a page's longer side."""

RENEW = 16
"""Pages after which the models are loaded anew: the engine keeps something of every width of line that it has
seen."""

_pages = 0


@cache
def ready() -> bool:
    """Is text recognition installed?"""
    return importlib.util.find_spec("rapidocr") is not None


@cache
def _engine() -> Any:
    """Its models run on OpenVINO, which is here anyway and takes a third of onnxruntime's time."""
    from rapidocr import EngineType, RapidOCR

    signs.recognising()
    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.max_side_len": SIDE_MAX,
            "Global.use_cls": False,
            "Det.limit_type": "max",
            "Det.limit_side_len": 1280,
            "Rec.rec_batch_num": 1,
            "Det.engine_type": EngineType.OPENVINO,
            "Rec.engine_type": EngineType.OPENVINO,
            "EngineConfig.openvino.inference_num_threads": min(4, os.cpu_count() or 1),
        }
    )


def recognise(document: Any, page: Page) -> list[Letter]:
    """The letters of a page as its picture shows them; its ruling lines are put into ``page``."""
    sheet = document[page.number - 1]
    try:
        wide = max(page.width, page.height)
        scale = min(DPI / 72, SIDE_MAX / max(1.0, wide))
        image = sheet.render(scale=scale, grayscale=True).to_numpy()
    finally:
        sheet.close()
    image = image.reshape(image.shape[0], image.shape[1])
    if int(image.max()) - int(image.min()) < 30:
        return []  # an empty page
    height, width = image.shape
    page.width, page.height = width / scale, height / scale
    page.rules = _rules(image, scale, page.height)
    return _letters(read_picture(image), scale, page.height)


Found = tuple[list[tuple[float, float]], str, float]
"""Four corners from the upper left one on, clockwise, in pixels from the top; text; probability."""


def read_picture(image: Any) -> list[Found]:
    """The lines of text in a picture (an array, grey or BGR; or its bytes)."""
    global _pages
    _pages += 1
    if _pages % RENEW == 0:
        _engine.cache_clear()
        gc.collect()
    result = _engine()(image)
    if result.boxes is None or result.txts is None:
        return []
    return [
        ([(float(x), float(y)) for x, y in box], text, float(score))
        for box, text, score in zip(result.boxes, result.txts, result.scores, strict=True)
    ]


def _letters(found: list[Found], scale: float, height: float) -> list[Letter]:
    level = [
        line for line in found if any(map(str.isalnum, line[1])) and _wide(line[0]) >= 0.8 * _high(line[0])
    ]
    if not level:
        return []
    tilt = median(math.atan2(box[1][1] - box[0][1], box[1][0] - box[0][0]) for box, text, _ in level)
    sizes = [0.8 * _high(box) / scale for box, _, _ in level]
    usual = median(size for size, (_, text, _) in zip(sizes, level, strict=True) for _ in text)
    letters: list[Letter] = []
    for size, (box, text, score) in zip(sizes, level, strict=True):
        size = usual if 0.8 < size / usual < 1.22 else round(size / 2) * 2 or size
        (x0, y0), (x1, y1) = _straightened(box[3], tilt), _straightened(box[2], tilt)
        base = height - (y0 + y1) / 2 / scale + 0.22 * size
        weights = [1.0 if char > "\u2e80" else 0.35 if char == " " else 0.55 for char in text]
        step = (x1 - x0) / scale / sum(weights)
        at = x0 / scale
        for char, weight in zip(text, weights, strict=True):
            letters.append(Letter(char, at, at + weight * step, base, size, sure=score >= SURE))
            at += weight * step
    return letters


def _straightened(point: tuple[float, float], tilt: float) -> tuple[float, float]:
    x, y = point
    return x * math.cos(tilt) + y * math.sin(tilt), y * math.cos(tilt) - x * math.sin(tilt)


def _wide(box: list[tuple[float, float]]) -> float:
    return math.dist(box[0], box[1])


def _high(box: list[tuple[float, float]]) -> float:
    return math.dist(box[0], box[3])


def _rules(image: Any, scale: float, height: float) -> list[Rule]:
    """Long straight dark strokes."""
    import cv2

    dark = cv2.threshold(image, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)[1]
    rules: list[Rule] = []
    length = int(30 * scale)
    for flat, shape in ((True, (length, 1)), (False, (1, length))):
        lines = cv2.morphologyEx(dark, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, shape))
        lines = cv2.dilate(lines, cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3)))
        for x, y, w, h, _ in cv2.connectedComponentsWithStats(lines)[2][1:]:
            if flat and w > 8 * h:
                rules.append(Rule(True, height - (y + h / 2) / scale, x / scale, (x + w) / scale))
            elif not flat and h > 8 * w:
                rules.append(Rule(False, (x + w / 2) / scale, height - (y + h) / scale, height - y / scale))
    return rules
