"""A bucket of an S3-compatible store (MinIO, Ceph, a cloud's): the only door to the package minio.

Objects are named by the hash of their bytes, so that one is never another's older version, and putting the
same file twice is putting it once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from errors import DocumentError, SettingsError

if TYPE_CHECKING:
    from ui.settings import UiSettings

CONNECT, READ = 5.0, 60.0
"""Seconds that a connection, and a pause within an answer, may take."""


class Bucket:
    """Files by key.

    Args:
        url: ``https://HOST[:PORT]/BUCKET[/PREFIX]``.

    Raises:
        SettingsError: the URL is none, or the package is not installed.
    """

    def __init__(self, url: str, access_key: str, secret_key: str) -> None:
        parts = urlsplit(url)
        self.name, _, prefix = parts.path.strip("/").partition("/")
        if parts.scheme not in ("http", "https") or not parts.hostname or not self.name:
            raise SettingsError.named("bucket_address")
        try:
            import urllib3
            from minio import Minio
        except ModuleNotFoundError:
            raise SettingsError.named("bucket_package") from None
        self.where = f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}/{self.name}"
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._client = Minio(
            endpoint=f"{parts.hostname}{f':{parts.port}' if parts.port else ''}",
            access_key=access_key or None,
            secret_key=secret_key or None,
            secure=parts.scheme == "https",
            http_client=urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=CONNECT, read=READ),
                retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504)),
                cert_reqs="CERT_REQUIRED",
            ),
        )

    @classmethod
    def of(cls, settings: UiSettings) -> Bucket | None:
        """The bucket of these settings, None where they name none."""
        if not settings.originals_store:
            return None
        keys = (settings.originals_access_key, settings.originals_secret_key)
        return cls(settings.originals_store, *(key.get_secret_value() for key in keys))

    def check(self) -> None:
        """Raise DocumentError where the bucket is not there or not reached."""
        with self._told():
            if not self._client.bucket_exists(self.name):
                raise DocumentError.named("bucket_missing", where=self.where)

    def put(self, key: str, path: Path, name: str) -> None:
        """Store a file; ``name`` is kept beside it for people who look into the bucket."""
        with self._told():
            self._client.fput_object(**self._at(key), file_path=str(path), metadata={"name": quote(name)})

    def has(self, key: str) -> bool:
        from minio.error import S3Error

        with self._told():
            try:
                self._client.stat_object(**self._at(key))
            except S3Error as error:
                if error.code == "NoSuchKey":
                    return False
                raise
            return True

    def get(self, key: str, target: Path) -> bool:
        """Fetch a file to a path, whole or not at all; False where there is none."""
        if not self.has(key):
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._told():
            self._client.fget_object(**self._at(key), file_path=str(target))
        return True

    def remove(self, key: str) -> None:
        """Delete an object; one that is not there is no error."""
        with self._told():
            self._client.remove_object(**self._at(key))

    def _at(self, key: str) -> dict[str, Any]:
        return {"bucket_name": self.name, "object_name": self._prefix + key}

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong on the way, as an error that says where to look."""
        from minio.error import MinioException
        from urllib3.exceptions import HTTPError

        try:
            yield
        except MinioException as error:
            code = getattr(error, "code", "") or type(error).__name__
            raise DocumentError.named("bucket_refused", where=self.where, code=code) from None
        except HTTPError:
            raise DocumentError.named("bucket_silent", where=self.where) from None
