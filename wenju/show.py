"""How an answer looks in a terminal: the text with its markers, then the evidence word for word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import prompts

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from qa.types import Answer, Citation


def numbered(answer: Answer) -> dict[tuple[str, int, int], int]:
    """Number of each cited span, in the order in which the answer cites them."""
    numbers: dict[tuple[str, int, int], int] = {}
    cited = [citation for sentence in answer.sentences for citation in sentence.citations]
    cited += [citation for note in answer.notes for citation in note.citations]
    for citation in cited:
        numbers.setdefault(_span(citation), len(numbers) + 1)
    return numbers


def _span(citation: Citation) -> tuple[str, int, int]:
    return citation.document_id, citation.start, citation.end


def render(answer: Answer, lang: str = "zh") -> RenderableType:
    """The answer as it stands, complete or still growing; ``lang`` is that of our own words around it."""
    from rich.console import Group
    from rich.text import Text

    def say(key: str, **variables: str) -> str:
        return prompts.text(f"cli.{key}", lang=lang, **variables)

    numbers, lines = numbered(answer), list[Text]()
    body = Text()
    if answer.refusal:
        body.append(answer.refusal.message, style="yellow")
    for sentence in () if answer.refusal else answer.sentences:
        style = {"pending": "dim", "unsupported": "strike dim"}.get(sentence.state, "")
        body.append(sentence.text, style=style)
        for citation in sentence.citations:
            body.append(f"[{numbers[_span(citation)]}]", style="cyan")
        if sentence.state in ("partial", "unsupported"):
            body.append(say(f"state_{sentence.state}"), style="yellow")
    lines.append(body)
    lines += [Text(f"※ {note.message}", style="magenta") for note in answer.notes]
    if answer.stage != "done":
        return Group(*lines, Text(say(f"stage_{answer.stage}"), style="dim"))
    lines += _evidence(answer, numbers, say)
    lines.append(Text(_footer(answer, say), style="dim"))
    return Group(*lines)


def _evidence(
    answer: Answer, numbers: dict[tuple[str, int, int], int], say: Callable[..., str]
) -> list[Text]:
    from rich.text import Text

    lines: list[Text] = []
    shown: set[int] = set()
    cited = [citation for sentence in answer.sentences for citation in sentence.citations]
    for citation in [*cited, *(citation for note in answer.notes for citation in note.citations)]:
        number = numbers[_span(citation)]
        if number in shown or answer.refusal and citation in cited:
            continue
        shown.add(number)
        place = path_of(citation.document, citation.heading)
        page = say("page", page=str(citation.page)) if citation.page else ""
        date = f"（{citation.published}）" if citation.published else ""
        lines.append(Text.assemble((f"\n[{number}] {place}{page}{date}", "bold")))
        lines.append(Text(f"    “{citation.quote.strip()}”"))
    if answer.refusal and answer.refusal.nearest:
        near = {passage.passage_id: passage for passage in answer.retrieved}
        lines.append(Text("\n" + say("nearest"), style="bold"))
        for identity in answer.refusal.nearest:
            if passage := near.get(identity):
                lines.append(Text(f"  {path_of(passage.document, passage.heading)}：{_short(passage.text)}"))
    if answer.refusal and answer.refusal.suggestions:
        lines.append(Text("\n" + say("suggestions"), style="bold"))
        lines += [Text(f"  {suggestion}") for suggestion in answer.refusal.suggestions]
    return lines


def path_of(title: str, heading: Sequence[str]) -> str:
    """Name and heading path on one line; a first heading that repeats the title is left out."""
    from ui.citations import below_title

    return " › ".join([title, *below_title(heading, title)])


def _short(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _footer(answer: Answer, say: Callable[..., str]) -> str:
    total = answer.timings.get("total")
    spent = [say("seconds", seconds=f"{total:.1f}")] if total is not None else []
    sure = [say("confidence", percent=f"{answer.confidence:.0%}")] if answer.confidence is not None else []
    return "\n" + " · ".join([*spent, *sure, *filter(None, (answer.model, answer.index))])
