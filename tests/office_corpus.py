"""Make a folder of office files in every format, bad ones among them, read it, and say what became of each:

python tests/office_corpus.py [--papers 6] [--seed 15] [--keep FOLDER]

A good file is right when every line that was put in is read, in order, and rows name their columns; a bad one
when it is refused with a message that names the file and the reason. Ends with 1 when one is not. Needs no
model; scans are made where there is a font for them, and read where the extra ``ocr`` is installed.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from errors import DocumentError  # noqa: E402
from index.loaders import SUFFIXES, Loaded  # noqa: E402
from index.reading import Reader  # noqa: E402
from tests import paper_files as files  # noqa: E402
from tests.bad_files import Bad, bad_files  # noqa: E402
from tests.papers import Paper, paper  # noqa: E402

TEXTS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "big5")


@dataclass(frozen=True)
class Good:
    """A file with the lines that must be read from it, in this order, and the title where the file shows one.

    ``mostly``: the share of lines that is enough (text that is recognised in pictures).
    """

    name: str
    data: bytes
    lines: tuple[str, ...]
    title: str = ""
    mostly: float = 1.0


def good_files(one: Paper, n: int) -> Iterator[Good]:
    """One paper in every format; ``n`` varies encodings, separators and layouts."""
    every = (*one.texts, *one.told)
    rows, texts = one.told, one.texts
    code = TEXTS[n % len(TEXTS)]
    web = ("utf-8", "gb18030")[n % 2]
    for suffix in (".txt", ".text"):
        # Big5 has none of the simplified characters: those files hold what it has.
        said = tuple(_in_big5(text) for text in texts) if code == "big5" else texts
        body = "\n\n".join(said).encode("big5") if code == "big5" else files.plain(one, code)
        yield Good(f"{n}-{code}{suffix}", body, said, "" if code == "big5" else one.title)
    for suffix in (".md", ".markdown"):
        yield Good(f"{n}{suffix}", files.marked(one, web), every, one.title)
    for suffix in (".html", ".htm", ".xhtml"):
        yield Good(f"{n}-{web}{suffix}", files.page(one, web), every, one.title)
    for suffix in (".mhtml", ".mht"):
        yield Good(f"{n}{suffix}", files.saved_page(one), every, one.title)
    yield Good(f"{n}.docx", files.word(one), every, one.title)
    for suffix in (".doc", ".wps"):
        yield Good(f"{n}{suffix}", files.binary_word(one), every)
    yield Good(f"{n}.rtf", files.rich(one), every, one.title)
    yield Good(f"{n}-改名.doc", files.rich(one), every, one.title)
    for suffix in (".xlsx", ".xlsm"):
        yield Good(f"{n}{suffix}", files.sheet(one), rows, one.title)
    for suffix in (".xls", ".et"):
        yield Good(f"{n}{suffix}", files.old_sheet(one), rows, one.title)
    yield Good(f"{n}-{web}.csv", files.separated(one, ",;"[n % 2], web), rows)
    yield Good(f"{n}-{web}.tsv", files.separated(one, "\t", web), rows)
    for suffix in (".pptx", ".pptm", ".ppsx"):
        yield Good(f"{n}{suffix}", files.slides(one), every)
    yield Good(f"{n}.ofd", files.layout(one), texts, one.title)
    yield Good(f"{n}.epub", files.book(one), texts, one.title)
    yield Good(
        f"{n}.eml", files.mail(one, [("附件.csv", files.separated(one, ",", "gb18030"))]), every, one.title
    )
    yield Good(f"{n}.msg", files.outlook(one), texts, one.title)
    inside = {"文/一.docx": files.word(one), "表.xlsx": files.sheet(one)}
    yield Good(f"{n}.zip", files.packed(dict(inside)), (*every, *rows))
    yield Good(f"{n}-文字.pdf", files.printed(one, n, "text"), texts, one.title)
    yield Good(f"{n}-表格.pdf", files.printed(one, n, "tables"), every, one.title)
    yield Good(f"{n}-两栏.pdf", files.printed(one, n, "columns"), texts, one.title)
    if n < 2 and (scan := files.scanned(one)):
        yield Good(f"{n}-扫描.pdf", scan, texts, mostly=0.8)


def _in_big5(text: str) -> str:
    import opencc

    return "".join(c for c in opencc.OpenCC("s2t").convert(text) if c.encode("big5", "ignore"))


def corpus(papers: int, seed: int) -> list[Good | Bad]:
    """The files in an order of chance, the same for the same numbers."""
    made: list[Good | Bad] = [one for n in range(papers) for one in good_files(paper(seed + n), n)]
    made += bad_files(seed)
    random.Random(seed).shuffle(made)
    return made


def read(folder: Path, made: Sequence[Good | Bad]) -> dict[str, Loaded | DocumentError]:
    found: dict[str, Loaded | DocumentError] = {}
    with Reader(quiet=900) as reader:  # other work may hold the machine; how long it takes is not asked here
        for one in made:
            try:
                found[one.name] = reader.load_all(folder / one.name)
            except DocumentError as error:
                found[one.name] = error
    return found


def wrong(one: Good | Bad, found: Loaded | DocumentError) -> str:
    """What is wrong with what became of a file; "" when nothing is."""
    if isinstance(one, Bad):
        if isinstance(found, Loaded) and not found.failed:
            return f"read: {found.documents[0].text[:40]!r}" if found.documents else "nothing was said of it"
        said = [found] if isinstance(found, DocumentError) else [part.error() for part in found.failed]
        for error in said:
            if one.name not in error.message or not re.search(one.says, f"{error.message} {error.hint}"):
                return f"the message is {error.message!r}, {error.hint!r}"
        return ""
    if isinstance(found, DocumentError):
        return found.message
    lines = [_bare(d.text[b.start : b.end]) for d in found.documents for b in d.blocks]
    if one.mostly < 1:  # which lines make a paragraph is not asked of a picture
        lines = ["".join(lines)] * len(one.lines)
    lost = _missing([_bare(line) for line in one.lines], lines, within=one.mostly < 1)
    if len(lost) > (1 - one.mostly) * len(one.lines):
        return f"{len(lost)} of {len(one.lines)} lines, first {lost[0]!r}"
    if one.title and found.documents[0].title != one.title:
        return f"title {found.documents[0].title!r}, not {one.title!r}"
    return ""


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def _missing(wanted: Sequence[str], lines: Sequence[str], within: bool = False) -> list[str]:
    """The lines that do not come, one after another, among those that were read."""
    lost, at = [], 0
    for text in wanted:
        place = next(
            (n for n in range(at, len(lines)) if lines[n] == text or within and text in lines[n]), None
        )
        if place is None:
            lost.append(text)
        else:
            at = place + 1
    return lost


def table(made: Sequence[Good | Bad], found: dict[str, Loaded | DocumentError]) -> Iterator[str]:
    """By format: files, read as put in, refused with the reason, and what went wrong; then the reasons."""
    count: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for one in made:
        suffix = Path(one.name).suffix or "(none)"
        right = not wrong(one, found[one.name])
        count[suffix][("refused" if isinstance(one, Bad) else "read") if right else "wrong"] += 1
        if isinstance(one, Bad):
            reasons[suffix][one.why] += 1
    yield "| format | files | read as put in | refused, with the reason | wrong | why refused |"
    yield "|---|---|---|---|---|---|"
    order = [*SUFFIXES, *sorted(set(count) - set(SUFFIXES))]
    for suffix in (one for one in order if one in count):
        kinds = count[suffix]
        why = "; ".join(f"{kind}{f' ({n})' if n > 1 else ''}" for kind, n in sorted(reasons[suffix].items()))
        told = " | ".join(str(kinds[name]) for name in ("read", "refused", "wrong"))
        yield f"| {suffix} | {kinds.total()} | {told} | {why} |"
    total = sum(count.values(), Counter[str]())
    yield f"| all | {total.total()} | {total['read']} | {total['refused']} | {total['wrong']} | |"


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--papers", type=int, default=8, help="papers, each in every format")
    options.add_argument("--seed", type=int, default=15)
    options.add_argument("--keep", type=Path, help="folder to write the files to, and leave them there")
    given = options.parse_args()
    made = corpus(given.papers, given.seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for one in made:
            (folder / one.name).write_bytes(one.data)
        found = read(folder, made)
    print("\n".join(table(made, found)))
    faults = [f"{one.name}: {fault}" for one in made if (fault := wrong(one, found[one.name]))]
    print(*faults, sep="\n")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
