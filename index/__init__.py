"""Files -> passages -> hits. Knows nothing of language models that write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.silence import silence

if TYPE_CHECKING:
    from index.backend import Backend
    from index.settings import IndexSettings

silence()


def open_backend(settings: IndexSettings) -> Backend:
    """The backend that the settings name. Raises IndexError_ when its package is not installed."""
    if settings.milvus:
        from index.milvus import MilvusBackend

        return MilvusBackend(settings.milvus, settings.milvus_token.get_secret_value())
    from index.local import LocalBackend

    return LocalBackend()
