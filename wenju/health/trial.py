"""The trial: one question of the sample corpus, in a process that can reach nobody, with the time it took.

The same process measures how fast the model reads and writes here, when no figure for this machine and model
is kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import calibration
from kernels import processor
from wenju.health.machine import NEEDED_BY_MODELS, available_memory
from wenju.health.types import Check, Wanted

if TYPE_CHECKING:
    from wenju.settings import Settings

QUESTION, ANSWER = "市政务服务办的机关党委书记是谁？", "李志刚"
SECONDS = 900
"""The longest that a trial may take: a slow machine converts the model first."""


def trial(settings: Settings, wanted: Wanted) -> Iterator[Check]:
    """What to expect of this machine, and whether an answer comes without a network."""
    if why := _not_asked(settings, wanted):
        yield Check("answer", *why)
        return
    kept = calibration.kept(settings.data)
    if kept and (wanted.measure or (kept.busy and calibration.load() <= calibration.BUSY)):
        kept = None
    result = ask(settings, kept.of if kept else "")
    if "error" in result:
        yield Check("answer", "fail", str(result["error"]), str(result.get("hint", "")))
        return
    speed = calibration.Speed(**result["speed"]) if result["speed"] else kept
    assert speed is not None
    notes = [speed.of, speed.when[:10]]
    if speed.busy:
        notes.append(f"beside other work, {speed.load:.1f} processes a core, so a lower bound")
    try:
        if result["speed"]:
            calibration.keep(speed, settings.data)
    except OSError as error:
        notes.append(f"not kept: {error}")
    judged = f" ({speed.judged:.0f} to judge)" if speed.judged else ""
    rates = f"reads {speed.read:.0f}{judged} and writes {speed.written:.1f} tokens/s"
    yield Check("speed", "ok", f"{rates}: about {speed.answer:.1f} s for an answer ({'; '.join(notes)})")
    yield _answered(result)


def _answered(result: dict[str, Any]) -> Check:
    took = f"{result['seconds']:.1f} s, after {result['loading']:.1f} s of loading, with sockets blocked"
    if tried := result["tried"]:
        return Check(
            "answer",
            "fail",
            f"something tried to reach {', '.join(tried)}",
            "Report it: nothing may, while it answers.",
        )
    if ANSWER not in result["answer"]:
        return Check(
            "answer",
            "warn",
            f"{QUESTION} -> {result['answer'][:60]!r} in {took}; expected {ANSWER}",
            "Run: wenju models verify. With a model of your own: wenju eval run tianjin",
        )
    return Check("answer", "ok", f"{QUESTION} -> {ANSWER}, in {took}")


def _not_asked(settings: Settings, wanted: Wanted) -> tuple[Any, str, str] | None:
    """State, why no question is asked, and the next step; None when one is."""
    from models.store import ModelStore
    from wenju.settings import wanted_models

    if not wanted.ask:
        return "ok", "not asked", ""
    if settings.generator.engine == "openai":
        return "ok", "not asked: another server writes", ""
    store = ModelStore(settings.models.folder)
    if any(store.state(name) != "ready" for name in wanted_models(settings)):
        return "warn", "not asked: models are missing", "Fetch the models, then run wenju doctor again."
    free = available_memory()
    if free is not None and free < NEEDED_BY_MODELS:
        return (
            "warn",
            f"not asked: {free / 2**30:.1f} GiB of memory are available",
            "Stop a running wenju serve or other programs.",
        )
    return None


def ask(settings: Settings, known: str) -> dict[str, Any]:
    """Run the trial in a process of its own.

    Args:
        known: what a kept speed was measured of; anything else is measured anew.

    Returns:
        ``answer``, ``seconds``, ``loading``, ``tried`` (addresses), ``speed`` (None: the kept one holds), or
            ``error`` and ``hint``.
    """
    command = [sys.executable, "-m", "wenju.health.trial_child"]
    order = json.dumps(
        {"settings": settings.engine.model_dump(mode="json"), "question": QUESTION, "known": known}
    )
    root = Path(__file__).resolve().parents[2]
    try:
        done = subprocess.run(
            command, input=order, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS, cwd=root
        )
    except subprocess.TimeoutExpired:
        return {
            "error": f"no answer within {SECONDS} s",
            "hint": "Use a quicker machine, or generator.engine = openai.",
        }
    try:
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        limited = processor.limit()
        hint = (
            f"Unset {processor.LIMIT} ({limited}): not every model runs so."
            if limited
            else "Run: wenju models verify"
        )
        return {"error": f"the trial ended early: {lines[-1][:300]}", "hint": hint}
    return found
