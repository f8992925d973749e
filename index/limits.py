"""What reading one file may take, and how a process keeps to it. Knows nothing of files."""

from __future__ import annotations

import os
import sys

MB = 1 << 20

MEMORY_MAX = 512 * MB
"""Bytes of data of the process that reads."""

RECOGNISING_MAX = 1280 * MB
"""Bytes in use while text is recognised in pictures: the models and their intermediate values need more."""

UNPACKED_MAX = 100 * MB
"""Bytes that the parts of one archive (.docx, .xlsx, .zip, ...) may unpack to together, archives within an
archive counted."""

QUIET_MAX = 120.0
"""Seconds without a sign of life."""

TIME_MAX = 3600.0
"""Seconds for one file in all; a scan of a thousand pages takes that long."""

TEXT_MAX = 20_000_000
"""Characters of one document."""

PARAGRAPH_MAX = 5_000_000
"""Characters of one paragraph."""


def keep_to_memory() -> bool:
    """Have this process get no more than ``MEMORY_MAX`` bytes of data; False where the system has no such
    limit."""
    if not sys.platform.startswith("linux"):
        return False
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MAX, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    return True


def lift() -> None:
    """Lift that limit for text recognition and for other programs, which ask for much more than they use:
    what is used is watched from outside."""
    if sys.platform.startswith("linux"):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def in_use(process: int) -> int:
    """Bytes of memory that another process has now; 0 where that cannot be told (no /proc and no psutil)."""
    try:
        if sys.platform.startswith("linux"):
            with open(f"/proc/{process}/statm", "rb") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        import psutil

        return int(psutil.Process(process).memory_info().rss)
    except Exception:  # gone meanwhile, or no psutil
        return 0
