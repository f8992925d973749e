"""The real models end to end, as a person would use them: index, ask, refuse, serve, ask through the API.

Not collected by pytest; run by `make smoke` and continuous integration. Says what went wrong and exits with
1.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
EXPECTED = {
    "市政务服务办的机关党委书记是谁？": ("李志刚", "03-organisation"),
    "牛海梅担任什么职务？": ("副书记", "03-organisation"),
    "农村公路完工了多少公里？": ("192公里", "05-care"),
}
REFUSED = ("红烧肉怎么做才好吃？", "北京市2031年的常住人口是多少？")


def wenju(data: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "wenju", "--data", str(data), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def check(answer: dict[str, Any], corpus: dict[str, str]) -> None:
    """One answer is what the format promises, and right."""
    question = answer["question"]
    if question in REFUSED:
        assert answer["refused"] and answer["reason"], f"not refused: {question} -> {answer['answer']}"
    else:
        part, source = EXPECTED[question]
        assert not answer["refused"], f"refused: {question} ({answer['reason']}): {answer['answer']}"
        assert part in answer["answer"], f"{part} is missing: {question} -> {answer['answer']}"
        cited = [citation for sentence in answer["sentences"] for citation in sentence["citations"]]
        assert cited, f"nothing cited: {question}"
        assert any(citation["document"] == corpus[source] for citation in cited), (
            f"wrong document: {question}"
        )
        assert all(citation["quote"] for citation in cited)
    total = answer["timings"].get("total", 0.0)
    print(f"ok   {total:5.1f} s  {question} -> {answer['answer'][:60]!r}", flush=True)


def batch(data: Path, folder: Path, corpus: dict[str, str]) -> None:
    questions = [*EXPECTED, *REFUSED]
    lines = [json.dumps({"id": str(n), "question": q}, ensure_ascii=False) for n, q in enumerate(questions)]
    (folder / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    wenju(data, "ask", "--batch", str(folder / "in.jsonl"), "--out", str(folder / "out.jsonl"))
    answers = [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [answer["id"] for answer in answers] == [str(n) for n in range(len(questions))]
    for answer in answers:
        check(answer, corpus)


def served(data: Path, corpus: dict[str, str]) -> None:
    """The server comes up, becomes ready, answers through the API and ends cleanly."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "wenju", "--data", str(data), "serve", "--port", str(port)]
    log = (data / "serve.log").open("w+b")
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False) as client:
            wait(client, process, "/healthz", 60)
            print(f"ok   {time.monotonic() - began:5.1f} s  page up", flush=True)
            wait(client, process, "/readyz", 240)
            print(f"ok   {time.monotonic() - began:5.1f} s  models ready", flush=True)
            assert client.get("/chat/").status_code == 200
            answer = client.post("/api/ask", json={"question": next(iter(EXPECTED))})
            answer.raise_for_status()
            check(answer.json(), corpus)
        process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
        process.wait(30)
    except BaseException:
        log.seek(0)
        print(log.read().decode(errors="replace")[-4000:], file=sys.stderr)
        raise
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        log.close()


def wait(client: httpx.Client, process: subprocess.Popen[bytes], path: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        try:
            if client.get(path).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.25)
    raise AssertionError(f"{path} was not 200 within {seconds:.0f} s")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="wenju-smoke-") as name:
        folder = Path(name)
        data = folder / "data"
        wenju(data, "index", "add", *map(str, sorted((ROOT / "corpus").glob("*.md"))))
        listed = json.loads(wenju(data, "index", "list", "--json"))["documents"]
        assert len(listed) == 6, listed
        corpus = {Path(document["source"]).stem: document["title"] for document in listed}
        hits = json.loads(wenju(data, "search", "牛海梅", "--json"))["hits"]
        assert any("牛海梅" in hit["text"] for hit in hits[:3]), "search does not find a name that is there"
        assert json.loads(wenju(data, "ask", next(iter(EXPECTED)), "--json"))["sentences"]
        batch(data, folder, corpus)
        served(data, corpus)
    print("smoke: all right")


if __name__ == "__main__":
    try:
        main()
    except AssertionError as error:
        sys.exit(f"smoke: {error}")
