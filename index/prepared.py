"""Files read and encoded ahead of the writer: what a worker made of each lies in a folder until one process
writes them all.

    FOLDER/NAME.json    which file it was, what was read of it
    FOLDER/NAME.npz     the vectors of its passages, by the hash of the text that was encoded

What does not fit any more when it is written (the file has changed, another name, another encoder) is left
aside, and the writer reads and encodes that file itself.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index.build import BATCH, passage_key
from index.disk import told
from index.loaders.parts import Loaded
from index.paragraphs import passage_search_text, passages_of
from index.reading import Reader
from index.settings import IndexSettings
from index.wire import pack, unpack

if TYPE_CHECKING:
    import numpy as np

    from index.build import Encode

JSON, VECTORS = ".json", ".npz"


@dataclass(frozen=True, slots=True)
class _Read:
    sha256: str
    source: str
    loaded: Loaded


def prepare(
    folder: Path,
    name: str,
    path: Path,
    source: str,
    reader: Reader,
    settings: IndexSettings,
    encode: Encode,
    encoder: str,
) -> None:
    """Read a file and encode its passages.

    Args:
        encoder: identity of the encoder's weights.

    Raises:
        DocumentError: it cannot be read. IndexError_: the disk is full, or the folder may not be written.
    """
    import numpy as np

    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    loaded = reader.load_all(path, source)
    texts = [
        passage_search_text(document, passage)
        for document in loaded.documents
        for passage in passages_of(document, settings.passage_min, settings.passage_max)
    ]
    parts = [encode(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)]
    vectors = np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)
    keys = np.frombuffer(b"".join(map(passage_key, texts)), np.uint8).reshape(-1, 16)
    part = folder / f".{name}.{os.getpid()}"
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as out:
            np.savez(out, encoder=np.array(encoder), keys=keys, vectors=vectors.astype(np.float32))
        part.replace(folder / f"{name}{VECTORS}")
        part.write_bytes(pack(_Read(sha256, source, loaded)))
        part.replace(folder / f"{name}{JSON}")  # last: where it is, both are


def forget(folder: Path, keep: Iterable[str]) -> None:
    """Delete what was prepared, but for some names."""
    kept = set(keep)
    for path in folder.iterdir() if folder.is_dir() else ():
        name = path.name.removeprefix(".").partition(".")[0]  # a part is what a killed worker left
        if name not in kept:
            path.unlink(missing_ok=True)


class Prepared:
    """What was prepared of some files, for ``index.documents.add_paths``.

    Args:
        names: path of each file -> the name that it was prepared under.
        encoder: the writer's; vectors of another one are not taken.
    """

    def __init__(self, folder: Path, names: Mapping[Path, str], encoder: str) -> None:
        self.folder, self.names = folder, names
        self._vectors: dict[bytes, np.ndarray] = {}
        for name in names.values():
            self._vectors.update(self._of(name, encoder))

    def _of(self, name: str, encoder: str) -> dict[bytes, np.ndarray]:
        import numpy as np

        path = self.folder / f"{name}{VECTORS}"
        if not path.exists():
            return {}
        with np.load(path) as found:
            if str(found["encoder"]) != encoder:
                return {}
            return {
                key.tobytes(): vector for key, vector in zip(found["keys"], found["vectors"], strict=True)
            }

    def loaded(self, path: Path, source: str, sha256: str) -> Loaded | None:
        """What was read of a file, where it is still that file under that name."""
        file = self.folder / f"{self.names.get(path, '')}{JSON}"
        if path not in self.names or not file.exists():
            return None
        read = unpack(_Read, file.read_bytes())
        return read.loaded if (read.sha256, read.source) == (sha256, source) else None

    def encoding(self, encode: Encode) -> Encode:
        """Encodes with ``encode`` the texts alone whose vectors were not prepared."""

        def encoded(texts: list[str]) -> np.ndarray:
            import numpy as np

            known = [self._vectors.get(passage_key(text)) for text in texts]
            missing = [text for text, vector in zip(texts, known, strict=True) if vector is None]
            fresh = iter(encode(missing)) if missing else iter(())
            return np.stack([next(fresh) if vector is None else vector for vector in known])

        return encoded
