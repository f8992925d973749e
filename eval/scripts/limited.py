"""Run a command as on a processor with fewer instructions.

    python eval/scripts/limited.py AVX2 -- wenju bench answers
    python eval/scripts/limited.py AVX512_CORE -- python tests/bench_memory.py DATA

An environment variable alone does not do it: ONEDNN_MAX_CPU_ISA limits oneDNN, while OpenVINO chooses its own
kernels by what the processor tells, and the two then disagree. So a copy of OpenVINO's libraries is made in
which ``cpuid`` is an instruction that does not exist, and a preloaded library answers its signal with what
the limit leaves (``limited.c``); pytest takes that signal for itself unless it is told -p no:faulthandler.
numpy, faiss and torch are told by their own variables. Linux on x86-64; needs gcc and objdump (binutils).
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LIMITS = ("AVX2", "AVX2_VNNI", "AVX512_CORE")
LIBRARIES = ("libopenvino.so.*", "libopenvino_intel_cpu_plugin.so")
OTHERS = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "ATEN_CPU_CAPABILITY": "avx2",
    "FAISS_OPT_LEVEL": "AVX2",
}
"""Set for the limits that leave no AVX-512."""


def without_cpuid(library: Path) -> int:
    """Replace every ``cpuid`` in the file; how many there were. The file must be no link to another."""
    listing = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", library], capture_output=True, text=True, check=True
    ).stdout
    places = [int(found, 16) for found in re.findall(r"^\s*([0-9a-f]+):\s+cpuid\b", listing, re.M)]
    table = subprocess.run(["readelf", "-SW", library], capture_output=True, text=True, check=True).stdout
    sections = [
        tuple(int(value, 16) for value in found)
        for found in re.findall(r"\sPROGBITS\s+([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)", table)
    ]
    data = bytearray(library.read_bytes())
    for place in places:
        at = next(place - begin + offset for begin, offset, size in sections if begin <= place < begin + size)
        assert data[at : at + 2] == b"\x0f\xa2", f"no cpuid at {place:x} of {library}"
        data[at : at + 2] = b"\x0f\x0b"
    library.write_bytes(data)
    return len(places)


def prepared(folder: Path) -> dict[str, str]:
    """Make the copy and the preloaded library in the folder; the environment that uses them."""
    spec = importlib.util.find_spec("openvino")
    assert spec and spec.submodule_search_locations, "openvino is not installed"
    site = folder / "site"
    subprocess.run(["cp", "-a", spec.submodule_search_locations[0], site / "openvino"], check=True)
    for pattern in LIBRARIES:
        for library in (site / "openvino" / "libs").glob(pattern):
            print(f"{library.name}: {without_cpuid(library)} times cpuid", file=sys.stderr)
    preload = folder / "limited.so"
    source = Path(__file__).with_suffix(".c")
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", preload, source], check=True)
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH", "")]))
    return {"LD_PRELOAD": str(preload), "PYTHONPATH": path}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("limit", choices=LIMITS)
    parser.add_argument("command", nargs="+", help="after --")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="limited-") as name:
        folder = Path(name)
        (folder / "site").mkdir()
        others = {} if given.limit == "AVX512_CORE" else OTHERS
        environment = os.environ | prepared(folder) | others | {"ONEDNN_MAX_CPU_ISA": given.limit}
        return subprocess.run(given.command, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
