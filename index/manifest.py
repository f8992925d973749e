"""The manifest of a generation: its format, what made it, and size and hash of every file. Written last, read
first."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from errors import IndexError_

FORMAT = 1
MANIFEST, CORPUS, VECTORS = "manifest.json", "corpus.sqlite", "vectors.npy"

AGAIN = (
    "Restore a backup (wenju restore FILE), or delete the index folder "
    "and index the documents again: wenju index add PATH..."
)
REBUILD = (
    "Run: wenju index verify, which tells all that is wrong, then "
    "wenju index rebuild; or restore a backup: wenju restore FILE"
)


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a generation's folder.

    Raises:
        IndexError_: missing, not readable, or of another format. FileNotFoundError: the folder itself is
            gone.
    """
    try:
        manifest = json.loads((path / MANIFEST).read_text("utf-8"))
        if manifest["format"] != FORMAT:
            raise IndexError_(
                f"the index at {path} has format {manifest['format']}; this version reads {FORMAT}", AGAIN
            )
        if not (isinstance(manifest["files"], dict) and CORPUS in manifest["files"]):
            raise KeyError(CORPUS)
        return dict(manifest)
    except FileNotFoundError:
        if not path.is_dir():
            raise
        raise IndexError_(f"the index at {path} is damaged: it has no {MANIFEST}", REBUILD) from None
    except (KeyError, TypeError, ValueError) as error:
        raise IndexError_(f"the index at {path} is damaged: {MANIFEST} cannot be read", REBUILD) from error


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
