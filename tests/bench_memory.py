"""What of a server's memory holds what: a process that loads its parts one after another and says how much
each added.

    python tests/bench_memory.py DATA [QUESTIONS.jsonl]

Linux (/proc). ``anonymous`` is what the process holds alone, ``mapped`` are pages of files that others may
use too and that the system takes back when it needs them; ``peak`` is the most that was resident until then.
DATA: a data folder with an index.  QUESTIONS: lines with a ``question``; 20 of them are asked.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAMES = {"resident": "VmRSS", "anonymous": "RssAnon", "mapped": "RssFile", "peak": "VmHWM"}
ASKED = 20


def memory() -> dict[str, int]:
    """MiB by name, of this process."""
    text = Path("/proc/self/status").read_text("utf-8")
    found = {name: re.search(rf"^{field}:\s+(\d+)", text, re.MULTILINE) for name, field in NAMES.items()}
    return {name: int(match[1]) // 1024 if match else 0 for name, match in found.items()}


def main(data: Path, questions: Path) -> None:
    rows: list[dict[str, Any]] = []

    def step(name: str, work: Callable[[], object]) -> None:
        work()
        rows.append({"part": name} | memory())
        print(json.dumps(rows[-1]), flush=True)

    step("python", lambda: None)
    step("the page's modules", _page)
    from qa.engine import Engine
    from qa.settings import EngineSettings

    settings = EngineSettings(data=data)
    settings = settings.model_copy(update={"answer": settings.answer.model_copy(update={"cache": False})})
    engine = Engine.open(settings)
    step("index and encoder", engine.library.warm)
    step("reader", lambda: engine.reader.warm())  # type: ignore[union-attr]
    step("generator", lambda: engine.generator.warm())  # type: ignore[attr-defined]
    step("what loading left let go of", engine.warm)
    lines = questions.read_text("utf-8").splitlines()
    asked = [json.loads(line)["question"] for line in lines if line.strip()][:ASKED]
    step(f"{len(asked)} questions", lambda: [engine.answer(question) for question in asked])


def _page() -> None:
    import ui.app
    import ui.assembly
    import ui.server

    ui.app.quiet_gradio()
    import ui.page


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "eval/data/tianjin.jsonl"))
