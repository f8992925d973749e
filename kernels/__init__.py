"""What a processor multiplies with, and a product of integers for those that libraries have none for."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kernels import processor

if TYPE_CHECKING:
    from kernels.linear import Stored


def taken() -> bool:
    """Whether our products are taken: on a processor with AVX2 and no VNNI, where llvmlite is installed.
    Elsewhere OpenVINO's own are as quick or quicker."""
    return processor.path() == "AVX2" and importlib.util.find_spec("llvmlite") is not None


def integer_products(
    graph: Any,
    threads: int = 0,
    packed: Callable[[], object] = lambda: None,
    stored: Stored | None = None,
) -> int:
    """Where our products are taken (:func:`taken`), put them (``linear.py``) in the place of an OpenVINO
    graph's products with matrices of 8 bits; how many they were.

    Args:
        threads: 0: all cores.  packed: called after each matrix that was laid out anew.
        stored: tells the matrices that are there in a form of fewer bits.
    """
    if not taken():
        return 0
    from kernels.linear import replace_linear

    return replace_linear(graph, threads, packed, stored)
