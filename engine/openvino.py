"""The CPU default: our own greedy loop over an OpenVINO model, with the logits in our hands."""

from __future__ import annotations

from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import kernels
from engine.batched import BatchedGenerator, engine_errors, failed
from kernels import processor

if TYPE_CHECKING:
    from engine.batch import Batch
    from engine.paged import PagedModel
    from engine.prefix_cache import Disk
    from engine.tokens import Tokens

_KEPT_BYTES = 160 << 20
"""Keys and values that stay in memory for prompts that begin alike; 5,800 tokens of the default model."""
_KEPT_BYTES_BESIDE_DISK = 96 << 20
"""The same where passages are kept on disk as well, from which they come back in a millisecond a block."""
_GUESS, _GUESS_OURS = 4, 2
"""Tokens guessed ahead: a pass of three takes 1.2 times as long as one of a single token with our products,
one of seven 2.1; with OpenVINO's of AVX-512 one of five 1.1 (docs/log/performance.md)."""


class OpenVINOGenerator(BatchedGenerator):
    """Writes with the converted model in ``folder`` (see ``convert.prepare``); loading takes about 3 s.

    Args:
        folder: what ``prepare`` returned.
        threads: CPU threads; 0: all cores.
        context, batch: as BatchedGenerator.  guess: too; None: what pays on this processor.
        kept: folder for what was read, None to keep it in memory alone.  kept_bytes: what may lie there.
    """

    def __init__(
        self,
        folder: Path,
        *,
        threads: int = 0,
        context: int = 8192,
        guess: int | None = None,
        batch: int = 8,
        kept: Path | None = None,
        kept_bytes: int = 1 << 30,
    ) -> None:
        if guess is None:
            guess = _GUESS_OURS if kernels.taken() else _GUESS
        super().__init__(context=context, guess=guess, batch=batch)
        self._folder = folder
        self._threads = threads
        self._kept = kept
        self._kept_bytes = kept_bytes

    @property
    def name(self) -> str:
        return f"{self._tokens.name or self._folder.name} (openvino, {self._folder.name})"

    def _load_tokens(self) -> Tokens:
        with engine_errors("OpenVINO"):
            from engine.tokens import Tokens

            return Tokens(self._folder)

    def _load(self) -> Batch:
        with engine_errors("OpenVINO"):
            from engine.batch import Batch
            from engine.paged import PagedModel
            from engine.passes import BLOCK

            blocks = -(-self._context // BLOCK) * 2
            model = PagedModel(self._folder, blocks, self._threads, adapted=self.adapts)
            model.warm()
            disk = self._disk(model)
            keep = _KEPT_BYTES_BESIDE_DISK if disk else _KEPT_BYTES
            return Batch(model, self._most, keep, partial(failed, "OpenVINO"), disk)

    def _disk(self, model: PagedModel) -> Disk | None:
        """Where blocks are kept. Another processor's kernels may lay them out in another way, so it is part
        of what they are kept for."""
        if self._kept is None or not self._kept_bytes:
            return None
        from engine.prefix_cache import Disk, Kept

        files = sorted((file.name, file.stat()) for file in self._folder.iterdir() if file.is_file())
        parts = (
            self.name,
            model.form,
            processor.path(),
            processor.limit(),
            metadata.version("openvino"),
            *(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in files),
        )
        kept = Kept(self._kept, self._kept_bytes, "\n".join(parts), model.kept_bytes, model.block_bytes)
        return Disk(kept, model.dump, model.fill)
