"""How long starting takes: whole commands, and the server until its page is there and its models are."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine import processor
from errors import EvalError
from eval.metrics.stats import percentile

READY_SECONDS = 300.0


def commands(
    asked: Mapping[str, Sequence[str]], repeats: int = 3, data: Path | None = None
) -> dict[str, dict[str, Any]]:
    """Seconds of whole `wenju` commands in fresh processes: the first and the median of the others."""
    found: dict[str, dict[str, Any]] = {}
    for name, arguments in asked.items():
        seconds = []
        for _ in range(repeats + 1):
            begun = time.perf_counter()
            done = subprocess.run(
                _wenju(*arguments), capture_output=True, env=_environment(data), check=False
            )
            seconds.append(time.perf_counter() - begun)
        found[name] = _summed(seconds) | {"exit": done.returncode}
    return found


def served(repeats: int = 3, data: Path | None = None) -> dict[str, dict[str, Any]]:
    """Seconds from `wenju serve` to the first page that a browser gets (it says that the server starts), to
    the page with the box for questions, and to the models; memory (MB) when ready and at the peak (Linux).

    Raises:
        EvalError: the server ended, or was not ready in five minutes.
    """
    waiting, page, ready, resident, peak = [], [], [], [], []
    for _ in range(repeats + 1):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        begun = time.perf_counter()
        server = subprocess.Popen(
            _wenju("serve", "--port", str(port)),
            env=_environment(data),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            waiting.append(_until(f"http://127.0.0.1:{port}/chat/", server, begun, "text/html"))
            page.append(_until(f"http://127.0.0.1:{port}/", server, begun))
            ready.append(_until(f"http://127.0.0.1:{port}/readyz", server, begun))
            resident.append(_memory(server.pid, "VmRSS"))
            peak.append(_memory(server.pid, "VmHWM"))
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    memory = {"resident_mb": resident[-1], "peak_mb": max(peak)}
    return {
        "serve: first page": _summed(waiting),
        "serve: page": _summed(page),
        "serve: models": _summed(ready) | memory,
    }


def _until(url: str, server: subprocess.Popen[bytes], begun: float, accept: str = "*/*") -> float:
    """Seconds since ``begun`` when ``url`` first answers 200."""
    request = urllib.request.Request(url, headers={"Accept": accept})
    while time.perf_counter() - begun < READY_SECONDS:
        if server.poll() is not None:
            raise EvalError(
                f"wenju serve ended with {server.returncode}", "Run it by itself to see why: wenju serve"
            )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                if response.status == 200:
                    return time.perf_counter() - begun
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.02)
    raise EvalError(
        f"{url} was not there in {READY_SECONDS:.0f} s", "Run it by itself to see why: wenju serve"
    )


def _memory(process: int, name: str) -> int:
    """A figure of /proc in MB; 0 where there is no /proc."""
    held = processor.told(name, f"/proc/{process}/status").split()
    return int(held[0]) // 1024 if held else 0


def _summed(seconds: Sequence[float]) -> dict[str, Any]:
    return {"first": seconds[0], "median": percentile(seconds[1:] or seconds, 0.5), "n": len(seconds)}


def _wenju(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "wenju", *arguments]


def _environment(data: Path | None) -> dict[str, str]:
    """Without the answer cache: an answer from there would not show what starting costs."""
    return os.environ | {"WENJU_ANSWER__CACHE": "false"} | ({"WENJU_DATA": str(data)} if data else {})
