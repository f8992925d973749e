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


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a generation's folder.

    Raises:
        IndexError_: missing, not readable, or of another format. FileNotFoundError: the folder itself is
            gone.
    """
    try:
        manifest = json.loads((path / MANIFEST).read_text("utf-8"))
        if manifest["format"] != FORMAT:
            raise IndexError_.named(
                "index_format", root=str(path), found=str(manifest["format"]), wanted=FORMAT
            )
        if not (isinstance(manifest["files"], dict) and CORPUS in manifest["files"]):
            raise KeyError(CORPUS)
        return dict(manifest)
    except FileNotFoundError:
        if not path.is_dir():
            raise
        raise IndexError_.named("index_missing_part", root=str(path), name=MANIFEST) from None
    except (KeyError, TypeError, ValueError) as error:
        raise IndexError_.named("index_manifest", root=str(path), name=MANIFEST) from error


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
