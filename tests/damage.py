"""Files with places changed: whatever stands in them, a loader reads them or names them in its message."""

from __future__ import annotations

import random
from pathlib import Path

from errors import DocumentError
from index.loaders import load


def survives(path: Path, whole: bytes, *, times: int, places: int, chance: random.Random) -> None:
    """Load ``whole`` from ``path`` so many times, each with other bytes at so many places."""
    for _ in range(times):
        data = bytearray(whole)
        for _ in range(places):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data)
        try:
            assert load(path).text
        except DocumentError as error:
            assert path.name in error.message
