"""docs/LICENCES.md from what is installed and from the model manifest: ``python -m deploy.licences`` (`make
licences`)."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from deploy.dependencies import ROOT, Package, constraints, runtime
from models.manifest import Model, load_manifest

DOCUMENT = ROOT / "docs" / "LICENCES.md"
HEAD = """# Licences

The program: Apache-2.0 ([LICENSE](../LICENSE), [NOTICE](../NOTICE)). Below is what it needs to run, through
all levels, in the versions of `constraints.txt`, and every model that it knows. Made by `make licences`; a
test holds that no package is missing and each licence is an SPDX expression. Licences are those that the
packages state for themselves; where their metadata name none or only a family, they were read in the
package ([deploy/licences.toml](../deploy/licences.toml)). Wheels carry libraries of others (OpenBLAS,
libgfortran, PDFium's, FreeType ...), whose licences lie in their `*.dist-info` folders. This is a list, not
legal advice.

`make sbom` writes the same as CycloneDX JSON. Advisories: `pip-audit -r constraints.txt --no-deps` where
PyPI or OSV can be reached; where this was written neither was, so **no audit was made**.
"""


def document(packages: Iterable[Package], models: Iterable[Model]) -> str:
    """The whole text. Versions are those of the constraints, so that it is the same on every machine."""
    listed = list(packages)
    lines = [HEAD, "## Packages", "", "| package | version | licence | source |", "|---|---|---|---|"]
    pinned = constraints()
    for one in listed:
        version = pinned.get(one.name, one.version)
        lines.append(f"| {one.name} | {version} | {one.licence or '**not stated**'} | {one.home} |")
    lines += [
        "",
        f"{len(listed)} packages. Weak copyleft, file by file (MPL-2.0): {', '.join(_with('MPL', listed))}.",
    ]
    lines += [f"Strong copyleft (GPL, AGPL): {', '.join(_with('GPL', listed)) or 'none'}.", ""]
    lines += ["## Models", "", "Not part of the program: fetched on demand, each under its own licence.", ""]
    lines += ["| model | for | licence | terms | published as |", "|---|---|---|---|---|"]
    for model in models:
        lines.append(
            f"| {model.title} | {model.purpose} | {model.licence} "
            f"| {model.terms or '-'} | {model.hub or '-'} |"
        )
    return "\n".join(lines) + "\n"


def _with(part: str, packages: Iterable[Package]) -> Iterator[str]:
    return (one.name for one in packages if part in one.licence)


if __name__ == "__main__":
    found = runtime()
    if unknown := [one.name for one in found if not one.licence]:
        sys.exit(
            f"licences: not stated: {', '.join(unknown)}. Read their "
            "licence files and name them in deploy/licences.toml."
        )
    DOCUMENT.write_text(document(found, load_manifest().values()), "utf-8")
    print(f"{DOCUMENT}: {len(found)} packages")
