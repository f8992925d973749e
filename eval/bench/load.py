"""Many people ask a running server at once: ``python -m eval.bench.load http://127.0.0.1:7860 QUESTIONS.jsonl
--people 50``.

Tells how the answers ended, who was told a place in line, how long people waited (p50, p95), and the server's
memory at the start, after each round, at its peak and at the end. Asks through the API, or with ``--page`` as
the chat page does. Start the server with ``WENJU_UI__RATE_PER_MINUTE=0``; set WENJU_TOKEN where one signs on
(API alone).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import secrets
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

_PLACE = re.compile(r"前面还有 (\d+) 人|In line, (\d+) ahead")
_OUTCOMES = (("card-failed", "failed"), ("card reason-", "refused"), ("stage-done", "answered"))


@dataclass(frozen=True, slots=True)
class Result:
    """How one question went; seconds from asking. ``end`` is answered, refused, or what went wrong.

    ``place`` is the first place in line that was told, None for those whose turn it was at once; ``wait`` is
    the time until their turn, ``evidence`` the time until the first passages were there.
    """

    end: str
    place: int | None
    wait: float | None
    evidence: float | None
    total: float


@dataclass(slots=True)
class Crowd:
    """All results, and the server's resident memory in MiB: every sample, and the one after each round."""

    results: list[Result] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    rounds: list[float] = field(default_factory=list)


async def crowd(
    address: str,
    questions: Sequence[str],
    people: int,
    *,
    token: str = "",
    rounds: int = 1,
    page: bool = False,
    within: float = 0.0,
) -> Crowd:
    """Everybody asks at the same moment, or one after another ``within`` seconds; when all have their answer,
    the next round begins."""
    import httpx

    headers = {"authorization": f"Bearer {token}"} if token else {}
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    seen = Crowd()
    async with httpx.AsyncClient(
        base_url=address, headers=headers, timeout=httpx.Timeout(None, connect=30), limits=limits
    ) as client:
        submit = await _submit_event(client) if page else 0

        async def sample() -> float | None:
            try:
                reply = await client.get("/metrics", timeout=10)
            except httpx.HTTPError:
                return None
            found = re.search(r"^process_resident_memory_bytes (\S+)", reply.text, re.M)
            if found:
                seen.memory.append(float(found[1]) / 2**20)
            return seen.memory[-1] if found else None

        async def watch() -> None:
            while True:
                await sample()
                await asyncio.sleep(1)

        async def person(number: int) -> Result:
            await asyncio.sleep(within * (number % people) / people)
            question, start = questions[number % len(questions)], time.perf_counter()
            try:
                return await (_on_page(client, question, submit) if page else _by_api(client, question))
            except httpx.HTTPError as error:
                return Result(type(error).__name__, None, None, None, time.perf_counter() - start)

        await sample()
        watching = asyncio.create_task(watch())
        for turn in range(rounds):
            seen.results += await asyncio.gather(*(person(turn * people + n) for n in range(people)))
            after = await sample()
            seen.rounds += [after] if after is not None else []
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return seen


async def _by_api(client: httpx.AsyncClient, question: str) -> Result:
    start, name, end = time.perf_counter(), "", "no answer"
    place: int | None = None
    wait: float | None = None
    evidence: float | None = None
    async with client.stream("POST", "/api/ask", json={"question": question, "stream": True}) as reply:
        if reply.status_code != 200:
            return Result(f"http {reply.status_code}", None, None, None, time.perf_counter() - start)
        async for line in reply.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data = json.loads(line.removeprefix("data: "))
                if name == "queued":
                    if not data["loading"]:
                        place = place or data["ahead"] or None
                        wait = time.perf_counter() - start if not data["ahead"] else wait
                    continue
                if wait is None and (place is None or name != "answer"):
                    wait = time.perf_counter() - start
                if evidence is None and data.get("retrieved"):
                    evidence = time.perf_counter() - start
                if name == "done":
                    end = "refused" if data["refused"] else "answered"
                elif name == "error":
                    end = f"error {data['error']['code']}"
    return Result(end, place, wait, evidence, time.perf_counter() - start)


async def _submit_event(client: httpx.AsyncClient) -> int:
    """The number of the text box's event in the page's own protocol."""
    config = (await client.get("/chat/config")).raise_for_status().json()
    return int(
        next(d["id"] for d in config["dependencies"] if any(target[1] == "submit" for target in d["targets"]))
    )


async def _on_page(client: httpx.AsyncClient, question: str, submit: int) -> Result:
    session = secrets.token_hex(6)
    (await client.get("/chat/")).raise_for_status()
    alive = asyncio.create_task(_heartbeat(client, session))
    try:
        start, end = time.perf_counter(), "no answer"
        place: int | None = None
        wait: float | None = None
        evidence: float | None = None
        body = {
            "data": [question, None],
            "fn_index": submit,
            "session_hash": session,
            "event_data": None,
            "trigger_id": None,
        }
        (await client.post("/chat/gradio_api/queue/join", json=body)).raise_for_status()
        async with client.stream(
            "GET", "/chat/gradio_api/queue/data", params={"session_hash": session}
        ) as reply:
            async for line in reply.aiter_lines():
                told = _PLACE.search(line)
                if told and place is None:
                    place = int(told[1] or told[2])
                if evidence is None and 'class=\\"evidence' in line:
                    evidence = time.perf_counter() - start
                if wait is None and not told and re.search(r"stage-(found|writing|checking|done)", line):
                    wait = time.perf_counter() - start
                end = next((outcome for sign, outcome in _OUTCOMES if sign in line), end)
                if '"msg":"process_completed"' in line.replace('": "', '":"'):
                    break
        return Result(end, place, wait, evidence, time.perf_counter() - start)
    finally:
        alive.cancel()
        await asyncio.gather(alive, return_exceptions=True)


async def _heartbeat(client: httpx.AsyncClient, session: str) -> None:
    """What an open page holds on to; when it ends, the server forgets the page."""
    async with client.stream("GET", f"/chat/gradio_api/heartbeat/{session}") as reply:
        async for _ in reply.aiter_lines():
            pass


def summary(seen: Crowd) -> dict[str, Any]:
    """The figures by name; seconds and MiB."""
    done = [r for r in seen.results if r.end in ("answered", "refused")]
    places = [r.place for r in seen.results if r.place is not None]
    figures: dict[str, Any] = {
        "asked": len(seen.results),
        "ended": dict(sorted(Counter(r.end for r in seen.results).items())),
        "errors": len(seen.results) - len(done),
        "place_told": len(places),
        "places": [min(places), max(places)] if places else [],
        "served_at_once": sum(r.place is None for r in done),
    }
    for name in ("wait", "evidence", "total"):
        values = sorted(v for r in done if (v := getattr(r, name)) is not None)
        if values:
            figures[f"{name}_s"] = {
                "p50": _quantile(values, 0.5),
                "p95": _quantile(values, 0.95),
                "max": round(values[-1], 2),
            }
    if seen.memory:
        figures["memory_mib"] = {
            "start": round(seen.memory[0]),
            "rounds": [round(m) for m in seen.rounds],
            "peak": round(max(seen.memory)),
            "end": round(seen.memory[-1]),
        }
    return figures


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of all do not exceed (nearest rank)."""
    return round(ordered[max(0, -int(-share * len(ordered) // 1) - 1)], 2)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m eval.bench.load", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("address")
    parser.add_argument("questions", type=Path, help="JSON lines with a field question")
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=1, help="how often everybody asks")
    parser.add_argument("--within", type=float, default=0.0, help="seconds over which people come")
    parser.add_argument("--page", action="store_true", help="ask as the chat page does, not through the API")
    parser.add_argument("--json", type=Path, help="write the figures and every result there")
    given = parser.parse_args()
    questions = [
        json.loads(line)["question"]
        for line in given.questions.read_text("utf-8").splitlines()
        if line.strip()
    ]
    token = os.environ.get("WENJU_TOKEN", "")
    how = {"rounds": given.rounds, "page": given.page, "within": given.within}
    seen = asyncio.run(crowd(given.address, questions, given.people, token=token, **how))
    print(json.dumps(summary(seen), ensure_ascii=False, indent=1))
    if given.json:
        whole = summary(seen) | {"results": [asdict(r) for r in seen.results]}
        given.json.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return 0 if summary(seen)["errors"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
