"""How long starting takes: whole commands, and the server until its page is there and its models are."""

from __future__ import annotations

import json
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

from errors import EvalError
from eval.metrics.stats import percentile
from kernels import processor

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


def served(question: str, repeats: int = 3, data: Path | None = None) -> dict[str, dict[str, Any]]:
    """Seconds from `wenju serve` to the first page that a browser gets (it says that the server starts), to
    the page with the box for questions, to the models, and to the answer of a question asked then; memory
    (MB) when ready, after the answer and at the peak, and what the server computed until then (Linux).

    Raises:
        EvalError: the server ended, or was not ready in five minutes.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ("first page", "page", "models", "first answer")}
    memory: list[dict[str, float]] = []
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
            address = f"http://127.0.0.1:{port}"
            seconds["first page"].append(_until(f"{address}/chat/", server, begun, "text/html"))
            seconds["page"].append(_until(f"{address}/", server, begun))
            seconds["models"].append(_until(f"{address}/readyz", server, begun))
            told: dict[str, float] = {"resident_mb": _memory(server.pid, "VmRSS")}
            seconds["first answer"].append(_answered(address, question, begun))
            told |= {"answered_mb": _memory(server.pid, "VmRSS"), "peak_mb": _memory(server.pid, "VmHWM")}
            memory.append(told | {"processor_seconds": _worked(server.pid)})
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    found = {f"serve: {name}": _summed(values) for name, values in seconds.items()}
    found["serve: first answer"] |= {
        name: percentile([row[name] for row in memory], 0.5) for name in memory[0]
    }
    return found


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


def _answered(address: str, question: str, begun: float) -> float:
    """Seconds since ``begun`` when the server has answered the question."""
    body = json.dumps({"question": question}).encode()
    request = urllib.request.Request(f"{address}/api/ask", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=READY_SECONDS) as response:
            response.read()
    except (urllib.error.URLError, OSError) as error:
        raise EvalError(f"{address}/api/ask: {error}", "Run it by itself to see why: wenju serve") from error
    return time.perf_counter() - begun


def _worked(process: int) -> float:
    """Processor seconds that a process has used; 0 where there is no /proc."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
