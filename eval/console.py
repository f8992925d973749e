"""What the evaluation prints: figures, comparisons and tasks as tables for a terminal, and the progress
bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from eval.labels import (
    in_order,
    interval,
    judges_told,
    label,
    number,
    p_value,
    rights_by_type,
    type_label,
    verdict_label,
)

if TYPE_CHECKING:
    from rich.table import Table

    from eval.compare import Comparison
    from eval.runfolder import RunFolder


def _print(*things: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    # Running text is wrapped by the terminal, which knows better where Chinese lines may break.
    Console(highlight=False).print(*things, soft_wrap=not isinstance(things[0], Table))


def _table(title: str, *columns: str, texts: tuple[int, ...] = ()) -> Table:
    """A table whose first column and ``texts`` are left-justified, the others numbers; only ``texts`` may be
    wrapped."""
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", show_edge=False, pad_edge=False)
    for n, column in enumerate(columns):
        justify: Literal["left", "right"] = "left" if n == 0 or n in texts else "right"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=n not in texts)
    return table


def print_run(folder: RunFolder) -> None:
    """The headline of a run: every figure with interval, n and unscored."""
    summary, made = folder.summary(), folder.manifest()
    table = _table(
        f"{made['title']} · {made['split']} · {summary['n']}/{summary['of']} 题",
        "指标",
        "值",
        "95% 区间",
        "n",
        "未计分",
    )
    figures = folder.figures()
    for name in in_order(figures):
        figure = figures[name]
        table.add_row(
            label(name) + _which(name, summary),
            number(name, figure.value),
            interval(name, figure),
            str(figure.n),
            str(figure.unscored),
        )
    _print(table)
    _print_types(summary)
    if judges := judges_told(summary):
        _print(f"有据与否由谁判定：{judges}")
    if summary["verdicts"]:
        _print("  ".join(f"{verdict_label(kind)} {count}" for kind, count in summary["verdicts"].items()))
    if summary["n"] < summary["of"]:
        _print(f"[yellow]未做完：还有 {summary['of'] - summary['n']} 题；用同一条命令可接着做。[/yellow]")


def _which(name: str, summary: Mapping[str, Any]) -> str:
    return f"：{type_label(summary['worst_type'])}" if name == "right_worst_type" else ""


def _print_types(summary: Mapping[str, Any]) -> None:
    """The share of right ones by type, the worst first."""
    rows = rights_by_type(summary)
    if len(rows) < 2:
        return
    table = _table("", "题型", "答对", "95% 区间", "n")
    for kind, figure in rows:
        table.add_row(
            type_label(kind), number("right", figure.value), interval("right", figure), str(figure.n)
        )
    _print(table)


def print_comparison(found: Comparison, most: int = 20) -> None:
    """Differences with their tests, then the questions that changed sides."""
    from rich.markup import escape

    from eval.compare import improved

    table = _table(
        f"A = {found.a}　B = {found.b}　共同 {found.n} 题", "指标", "B − A", "95% 区间", "p", "升/降", "n", ""
    )
    for name in in_order(found.differences):
        diff = found.differences[name]
        better = improved(name, diff)
        mark = "" if better is None else "[green]更好[/green]" if better else "[red]更差[/red]"
        table.add_row(
            label(name),
            number(name, diff.value, True),
            f"[{number(name, diff.low, True)}, {number(name, diff.high, True)}]",
            p_value(diff.p),
            f"{diff.gained}/{diff.lost}",
            str(diff.n),
            mark,
        )
    _print(table)
    _print("[dim]对错类指标用 McNemar 精确检验，其余用成对自助法；p < 0.05 才标“更好 / 更差”。[/dim]")
    if found.only_a or found.only_b:
        _print(f"[yellow]只在 A 中 {found.only_a} 题、只在 B 中 {found.only_b} 题，未参与比较。[/yellow]")
    for better, title in ((False, "变错"), (True, "变对")):
        group = [change for change in found.changed if change.better == better]
        if group:
            _print(f"\n[bold]{title}（{len(group)} 题）[/bold]")
        for change in group[:most]:
            _print(f"[cyan]{escape(change.id)}[/cyan] {escape(change.question)}")
            _print(f"  A {verdict_label(change.verdict_a)}：{escape(change.answer_a[:160])}")
            _print(f"  B {verdict_label(change.verdict_b)}：{escape(change.answer_b[:160])}")
        if len(group) > most:
            _print(f"  …… 还有 {len(group) - most} 题")


def print_tasks(rows: list[dict[str, Any]]) -> None:
    table = _table("", "任务", "说明", "用途", "许可", "文件", texts=(1, 2, 3, 4))
    for row in rows:
        table.add_row(
            row["name"],
            row["title"],
            row["split"],
            row["licence"],
            "有" if row["present"] else "[yellow]缺[/yellow]",
        )
    _print(table)


@contextmanager
def progress(description: str) -> Iterator[Callable[..., None]]:
    """A bar with time left on stderr. The callback takes (done, total, ...) as the runner, or (name, done,
    total)."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("剩余"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(description, total=None)

        def update(*values: Any) -> None:
            done, total = (values[1], values[2]) if isinstance(values[0], str) else (values[0], values[1])
            bar.update(task, completed=done, total=total or None)

        yield update


def print_written(path: Path) -> None:
    _print(f"已写入 {path}")
