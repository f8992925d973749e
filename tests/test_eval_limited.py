"""A processor with fewer instructions, made for measuring: what asks it is told less."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from eval.scripts.limited import without_cpuid

ROOT = Path(__file__).parents[1]
ASK = """
#include <cpuid.h>
#include <stdio.h>
int main(void) {
  unsigned a, b, c, d;
  __cpuid_count(7, 0, a, b, c, d);
  printf("%u %u %u", b >> 5 & 1, b >> 16 & 1, c >> 11 & 1);
}
"""
TOOLS = ("gcc", "objdump", "readelf")

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64" or not all(map(shutil.which, TOOLS)),
    reason="needs gcc and binutils",
)


@pytest.mark.parametrize(("limit", "avx512"), [("AVX2", "0"), ("AVX512_CORE", None)])
def test_a_limited_processor_tells_less(tmp_path: Path, limit: str, avx512: str | None) -> None:
    source, program, preload = tmp_path / "ask.c", tmp_path / "ask", tmp_path / "limited.so"
    source.write_text(ASK)
    subprocess.run(["gcc", "-o", program, source], check=True)
    plain = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
    limited = ROOT / "eval" / "scripts" / "limited.c"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", preload, limited], check=True)
    assert without_cpuid(program) == 1 and without_cpuid(program) == 0
    environment = os.environ | {"LD_PRELOAD": str(preload), "ONEDNN_MAX_CPU_ISA": limit}
    told = subprocess.run(
        [program], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    assert told == [plain[0], plain[1] if avx512 is None else avx512, "0"]
