"""The catalogue: which tasks have a name, where their files lie, and what their figures may be used for."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from errors import EvalError, did_you_mean
from eval.tasks import jsonl, office, pairs, premises, retrieval, squad
from eval.tasks.types import Context, Task

_HERE = Path(__file__).resolve().parents[2]
_SHIPPED = _HERE / "eval" / "data"


@dataclass(frozen=True, slots=True)
class Named:
    """An entry of the catalogue. ``path`` is relative to the benchmark folder, or to ``eval/data`` when
    shipped; ``reader`` makes the task of that path, the name and the title."""

    name: str
    title: str
    split: str
    path: str
    licence: str
    reader: Callable[[Path, str, str], Task]
    shipped: bool = False

    def read(self, path: Path) -> Task:
        return self.reader(path, self.name, self.title)


def _over(files: Callable[[], list[Path]]) -> Callable[[Path, str, str], Task]:
    """Reads a JSONL set whose open corpus is these files."""

    def read(path: Path, name: str, title: str) -> Task:
        found = files()
        missing = [file for file in found if not file.is_file()]
        if missing or not found:
            where = f": {missing[0]}" if missing else ""
            raise EvalError(
                f"the documents of task {name!r} are not here{where}", "Run it from a full checkout."
            )
        contexts = [Context(p.name, p.read_text(encoding="utf-8", errors="replace"), p.stem) for p in found]
        return replace(jsonl.read(path, name, title, contexts), files=tuple(found))

    return read


def _article() -> list[Path]:
    bench = bench_folder()
    return [bench.parent / "seed" / "article.txt"] if bench else []


def _own(name: str, title: str, split: str, files: Callable[[], list[Path]]) -> Named:
    """A set of our own over documents that lie elsewhere."""
    return Named(name, title, split, f"{name}.jsonl", "Apache-2.0", _over(files), shipped=True)


def _own_office(name: str, title: str, split: str) -> Named:
    """A set of our own in the form of the office set, over the documents beside it."""
    reader = partial(office.read, split=split)
    return Named(name, title, split, f"{name}/questions.jsonl", "Apache-2.0", reader, shipped=True)


BOTH, TUNING, REPORTING = "tuning/reporting", "tuning", "reporting"
_MIXED = _HERE / "tests" / "data" / "mixed_corpus"
_PREMISES = partial(premises.read, passages=_HERE / "training" / "data")
_SQUAD_TUNING = partial(squad.read, split=TUNING)
CATALOGUE: tuple[Named, ...] = (
    _own("tianjin", "样例语料问答", BOTH, lambda: sorted((_HERE / "corpus").glob("*.md"))),
    _own("article", "原报道问答", REPORTING, _article),
    _own("mixed", "办公室混合文档问答", BOTH, lambda: sorted(p for p in _MIXED.glob("*") if p.is_file())),
    _own_office("desk", "办公文档问答（自编，七类文档）", TUNING),
    _own_office("bureau", "机关与企事业文档问答（自编，二十一份文件）", BOTH),
    _own_office("workings", "要推算的办公文档问答（自编，六份文件）", BOTH),
    _own_office("counter", "窗口与办事文档问答（自编，十二份文件）", REPORTING),
    Named(
        "premises",
        "错误前提（每题配一个前提正确的对照题）",
        REPORTING,
        "premises_written.jsonl",
        "Apache-2.0",
        _PREMISES,
        shipped=True,
    ),
    Named(
        "office",
        "办公文档问答（十类文档）",
        TUNING,
        "office/questions.jsonl",
        "free to use",
        partial(office.read, split=TUNING),
    ),
    Named(
        "support",
        "依据能否支持这句话",
        TUNING,
        "support/pairs.jsonl",
        "free to use",
        partial(pairs.read, split=TUNING),
    ),
    Named(
        "cmrc2018_trial",
        "CMRC 2018 试验集",
        TUNING,
        "cmrc2018/cmrc2018_trial.json",
        "CC BY-SA 4.0",
        _SQUAD_TUNING,
    ),
    Named(
        "cmrc2018_dev",
        "CMRC 2018 开发集",
        REPORTING,
        "cmrc2018/cmrc2018_dev.json",
        "CC BY-SA 4.0",
        squad.read,
    ),
    Named("drcd_dev", "DRCD 开发集（繁体）", TUNING, "drcd/DRCD_dev.json", "CC BY-SA 3.0", _SQUAD_TUNING),
    Named(
        "expmrc",
        "ExpMRC（CMRC 部分，带人工证据）",
        REPORTING,
        "expmrc-cmrc/expmrc-cmrc2018-dev.json",
        "CC BY-SA 4.0",
        partial(squad.read, mode="closed"),
    ),
    Named(
        "nomiracl-zh",
        "NoMIRACL 中文（该拒答时拒答）",
        BOTH,
        "nomiracl-zh/test.jsonl",
        "Apache-2.0",
        retrieval.read_nomiracl,
    ),
    Named("stard", "STARD 法条检索", REPORTING, "stard", "MIT", retrieval.read_stard),
    Named(
        "lecoqa_stard",
        "LeCoQA 法律问答（STARD 全部法条）",
        REPORTING,
        "lecoqa/lecoqa_dev.json",
        "MIT",
        retrieval.read_lecoqa,
    ),
)


def bench_folder(given: Path | None = None) -> Path | None:
    """The folder of public benchmarks: as given, from WENJU_BENCH, or ../shared/bench beside the checkout; or
    None."""
    if given is not None:
        return given
    if named := os.environ.get("WENJU_BENCH"):
        return Path(named)
    beside = _HERE.parent / "shared" / "bench"
    return beside if beside.is_dir() else None


def locate(entry: Named, bench: Path | None) -> Path | None:
    """Where the entry's files should lie; None when no benchmark folder is known."""
    if entry.shipped:
        return _SHIPPED / entry.path
    return None if bench is None else bench / entry.path


def load(name: str, bench: Path | None = None, drafts: bool = False) -> Task:
    """The task called ``name``, or the task in the file or BEIR folder ``name``.

    Raises:
        EvalError: neither a known name nor a file, or its files are not where they should be.
    """
    for entry in CATALOGUE:
        if entry.name == name:
            path = locate(entry, bench_folder(bench))
            if path is None or not path.exists():
                raise EvalError(
                    f"the files of task {name!r} are not here" + (f": {path}" if path else ""),
                    "Put the benchmark folder somewhere and name it with --bench DIR or WENJU_BENCH.",
                )
            return entry.read(path)
    path = Path(name)
    if path.is_dir():
        return retrieval.read_beir(path)
    if path.is_file():
        if path.suffix == ".json":
            return squad.read(path)
        return pairs.read(path) if pairs.is_pairs(path) else jsonl.read(path, drafts=drafts)
    hint = did_you_mean(name, [entry.name for entry in CATALOGUE])
    raise EvalError(
        f"{name!r} is neither a task nor a file", f"{hint}, or a .jsonl, SQuAD .json or BEIR folder."
    )
