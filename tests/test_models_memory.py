"""Memory that goes back to the system: one heap for all threads, and code that has run."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from pathlib import Path

import pytest

from models.memory import release_code

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not hasattr(ctypes.CDLL(None), "malloc_info"),
    reason="Linux with the GNU library",
)

HEAPS = """
import ctypes, sys, threading
from models.memory import one_heap
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
if sys.argv[1] == "one":
    one_heap()
all_there = threading.Barrier(5)
def take():
    libc.malloc(ctypes.c_size_t(1000))
    all_there.wait()
threads = [threading.Thread(target=take) for _ in range(4)]
for thread in threads:
    thread.start()
all_there.wait()
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.parametrize("heaps", ["one", "several"])
def test_threads_share_one_heap(tmp_path: Path, heaps: str) -> None:
    told = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", HEAPS, heaps, str(told)], check=True, timeout=60)
    assert (told.read_text("utf-8").count("<heap ") == 1) is (heaps == "one")


def resident(library: str) -> int:
    """Kilobytes of a library's pages."""
    found, mine = 0, False
    for line in Path("/proc/self/smaps").read_text("utf-8").splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            mine = library in line
        elif mine and line.startswith("Rss:"):
            found += int(line.split()[1])
    return found


def test_code_that_has_run_is_let_go_of_and_runs_again() -> None:
    llvm = pytest.importorskip("llvmlite.binding")
    llvm.initialize_native_target()
    text = "define i64 @seven() { ret i64 7 }"
    assert "seven" in str(llvm.parse_assembly(text))
    before = resident("libllvmlite")
    assert release_code("libllvmlite") > 1 << 20
    assert resident("libllvmlite") < before / 2
    assert "seven" in str(llvm.parse_assembly(text))
    assert release_code("no library of this name") == 0
