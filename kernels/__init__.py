"""What a processor multiplies with, and a product of integers for those that libraries have none for."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

from kernels import processor


def integer_products(graph: Any, threads: int = 0, packed: Callable[[], object] = lambda: None) -> int:
    """On a processor with AVX2 and no VNNI, put our product of integers (``linear.py``) in the place of an
    OpenVINO graph's products with matrices of 8 bits; how many they were. Elsewhere, and without llvmlite,
    nothing is changed: OpenVINO's own products are as quick or quicker.

    Args:
        threads: 0: all cores.  packed: called after some of the matrices were laid out anew.
    """
    if processor.path() != "AVX2" or importlib.util.find_spec("llvmlite") is None:
        return 0
    from kernels.linear import replace_linear

    return replace_linear(graph, threads, packed)
