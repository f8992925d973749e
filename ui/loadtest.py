"""Many people ask a running server at once: ``python -m ui.loadtest http://127.0.0.1:7860 QUESTIONS.jsonl --people 50``.

Prints how the answers ended, the places in line, times, and the server's memory where it can be read. Start the server
with ``WENJU_UI__RATE_PER_MINUTE=0``; set WENJU_TOKEN where one signs on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class Result:
    """How one question went; seconds from asking. ``place`` is None for those who did not wait."""

    end: str
    place: int | None
    evidence: float | None
    total: float


async def crowd(address: str, questions: list[str], people: int, token: str = "") -> tuple[list[Result], list[float]]:
    """Everybody asks at the same moment; also the server's resident memory in MiB, once a second."""
    import httpx

    headers = {"authorization": f"Bearer {token}"} if token else {}
    memory: list[float] = []
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=None, limits=limits) as client:

        async def watch() -> None:
            while True:
                reply = await client.get("/metrics")
                found = [line for line in reply.text.splitlines() if line.startswith("process_resident_memory_bytes ")]
                memory.extend(float(line.split()[1]) / 2**20 for line in found)
                await asyncio.sleep(1)

        watching = asyncio.create_task(watch())
        asked = (questions[n % len(questions)] for n in range(people))
        results = await asyncio.gather(*(_one(client, question) for question in asked))
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return results, memory


async def _one(client: httpx.AsyncClient, question: str) -> Result:
    start, name, end = time.perf_counter(), "", ""
    place: int | None = None
    evidence: float | None = None
    async with client.stream("POST", "/api/ask", json={"question": question, "stream": True}) as reply:
        if reply.status_code != 200:
            return Result(f"http {reply.status_code}", None, None, time.perf_counter() - start)
        async for line in reply.aiter_lines():
            if line.startswith("event: "):
                name = end = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data = json.loads(line.removeprefix("data: "))
                if name == "queued" and place is None and not data["loading"]:
                    place = data["ahead"]
                if evidence is None and data.get("retrieved"):
                    evidence = time.perf_counter() - start
    return Result(end, place, evidence, time.perf_counter() - start)


def report(results: list[Result], memory: list[float]) -> str:
    """A few lines for a person."""
    totals = sorted(r.total for r in results)
    places = sorted(r.place for r in results if r.place is not None)
    lines = [
        "ended: " + ", ".join(f"{count} {end}" for end, count in sorted(Counter(r.end for r in results).items())),
        f"places in line: {len(places)} told, {places[0]} to {places[-1]}" if places else "nobody waited",
        f"seconds: p50 {totals[len(totals) // 2]:.1f}, last {totals[-1]:.1f}, {totals[-1] / len(totals):.2f} per answer",
    ]
    if memory:
        lines.append(f"memory MiB: {memory[0]:.0f} at first, {max(memory):.0f} at most, {memory[-1]:.0f} at last")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ui.loadtest", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("address")
    parser.add_argument("questions", type=Path, help="JSON lines with a field question")
    parser.add_argument("--people", type=int, default=50)
    given = parser.parse_args()
    questions = [json.loads(line)["question"] for line in given.questions.read_text("utf-8").splitlines() if line.strip()]
    results, memory = asyncio.run(crowd(given.address, questions, given.people, os.environ.get("WENJU_TOKEN", "")))
    print(report(results, memory))
    return 0 if all(r.end == "done" for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
