"""The process of the trial (``wenju.health.trial``): sockets blocked first, then index, speed and one
question.

Blocked is what goes through Python, by an audit hook (PEP 578), which cannot be taken off again: connecting,
sending to and looking up names; Unix sockets are left. Each attempt is noted, also where a library swallows
the error, and in processes that it forks. What native code would open by itself is not seen here, but by
trying in a network namespace without interfaces (`make bundle-try`).
"""

from __future__ import annotations

import errno
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.settings import EngineSettings

LOOKUPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")
SENDS = ("socket.connect", "socket.sendto", "socket.sendmsg")


class Blocked:
    """From its making on nothing can be reached but Unix sockets. What was tried is kept in a file, for forks
    write it too."""

    def __init__(self) -> None:
        self._notes = tempfile.TemporaryFile("a+b", buffering=0)  # noqa: SIM115 (open as long as the process)
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in LOOKUPS:
            target = str(arguments[0])
        elif event in SENDS and getattr(arguments[0].family, "name", "") != "AF_UNIX":
            target = str(arguments[1])
        else:
            return
        self._notes.write(f"{target}\n".encode())
        raise OSError(errno.ENETUNREACH, f"no network in a trial: {target}")

    def tried(self) -> list[str]:
        """Addresses and names that something wanted to reach, in order."""
        self._notes.seek(0)
        return self._notes.read().decode().splitlines()


def run(settings: EngineSettings, question: str, known: str) -> dict[str, Any]:
    """Index the sample corpus in a folder of its own, load, measure unless ``known`` holds here, and ask."""
    from corpus import sample_documents
    from engine.calibration import load, measure, measured_of
    from qa.engine import Engine

    with tempfile.TemporaryDirectory(prefix="wenju-doctor-") as folder:
        fresh = settings.answer.model_copy(update={"cache": False})
        engine = Engine.open(settings.model_copy(update={"data": Path(folder), "answer": fresh}))
        begin, before = time.perf_counter(), load()
        engine.add(sample_documents())
        engine.warm()
        loaded = time.perf_counter()
        threads = settings.generator.threads
        holds = known == measured_of(engine.generator, threads)
        speed = None if holds else asdict(measure(engine.generator, threads, before))
        asked = time.perf_counter()
        answer = engine.answer(question)
        done = time.perf_counter()
    return {
        "answer": answer.text,
        "seconds": done - asked,
        "loading": loaded - begin,
        "speed": speed,
    }


def main() -> None:
    blocked = Blocked()
    order = json.load(sys.stdin)
    from errors import WenjuError
    from qa.settings import EngineSettings

    try:
        result = run(EngineSettings.model_validate(order["settings"]), order["question"], order["known"])
        result["tried"] = blocked.tried()
    except WenjuError as error:
        result = {"error": error.message, "hint": error.hint}
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
