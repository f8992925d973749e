"""Sources ``hub`` and ``modelscope``: model files over HTTP from Hugging Face (or its mirror) and ModelScope.

The hub's own file list gives sizes and sha256 of the large files; the manifest's pins go before it. Downloads
resume.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from models.files import Progress, SourceError, safe_join, sha256_of
from models.manifest import Model


@dataclass(frozen=True, slots=True)
class Remote:
    """A file as a hub lists it; ``sha256`` is "" for small files of Hugging Face (it states none)."""

    name: str
    size: int
    sha256: str
    url: str


def _tell(progress: Progress, name: str, before: int, total: int, size: int) -> None:
    progress(name, before + size, total)


class HubSource:
    """One hub. ``kind`` is the source's name in the settings; ``lister`` knows the hub's listing."""

    def __init__(
        self,
        kind: str,
        repository: Callable[[Model], str],
        lister: Callable[[httpx.Client, str], list[Remote]],
        connect_timeout: float = 5.0,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.kind = kind
        self.repository = repository
        self.lister = lister
        self.timeout = httpx.Timeout(30.0, connect=connect_timeout)
        self.headers = {"Accept-Encoding": "identity", **(headers or {})}

    def deliver(self, model: Model, folder: Path, progress: Progress) -> None:
        """Write the files of ``model`` under ``folder``, continuing what an earlier fetch left there."""
        repository = self.repository(model)
        if not repository:
            raise SourceError(f"{model.name} is not on this hub")
        try:
            with httpx.Client(timeout=self.timeout, headers=self.headers, follow_redirects=True) as client:
                self._deliver(client, repository, model, folder, progress)
        except httpx.TimeoutException as error:
            raise SourceError(f"no answer within seconds ({type(error).__name__})") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceError(f"cannot be reached ({type(error).__name__}: {str(error)[:200]})") from error

    def _deliver(
        self, client: httpx.Client, repository: str, model: Model, folder: Path, progress: Progress
    ) -> None:
        listed = {remote.name: remote for remote in self.lister(client, repository)}
        required = [file.name for file in model.files]
        absent = [name for name in required if name not in listed]
        if absent:
            raise SourceError(f"{repository} lacks {', '.join(absent)}")
        chosen = [listed[name] for name in [*required, *(n for n in model.optional if n in listed)]]
        total, done = sum(remote.size for remote in chosen), 0
        for remote in chosen:
            self._file(client, remote, folder, partial(_tell, progress, model.name, done, total))
            done += remote.size

    def _file(self, client: httpx.Client, remote: Remote, folder: Path, tell: Callable[[int], None]) -> None:
        """Fetch one file; the store checks it against the manifest, we against what the hub itself states."""
        target = safe_join(folder, remote.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        have = part.stat().st_size if part.exists() and remote.sha256 else 0
        if target.exists() and target.stat().st_size == remote.size and remote.sha256:
            tell(remote.size)
            return
        headers = {"Range": f"bytes={have}-"} if 0 < have < remote.size else {}
        with client.stream("GET", remote.url, headers=headers) as response:
            response.raise_for_status()
            resumed = response.status_code == 206
            size = have if resumed else 0
            with part.open("ab" if resumed else "wb") as out:
                for chunk in response.iter_bytes():
                    out.write(chunk)
                    size += len(chunk)
                    tell(min(size, remote.size))
        if remote.size and size != remote.size:
            if size > remote.size:
                part.unlink()
            raise SourceError(
                f"{remote.name} ended after {size} of {remote.size} bytes; fetch again to continue"
            )
        if remote.sha256 and (found := sha256_of(part)) != remote.sha256:
            part.unlink()
            raise SourceError(f"{remote.name} has sha256 {found[:12]}…, the hub states {remote.sha256[:12]}…")
        os.replace(part, target)


def hugging_face(connect_timeout: float = 5.0) -> HubSource:
    """Hugging Face, or the mirror that ``HF_ENDPOINT`` names; ``HF_TOKEN`` is sent where it is set."""
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"
    token = os.environ.get("HF_TOKEN", "")

    def files(client: httpx.Client, repository: str) -> list[Remote]:
        listing = client.get(f"{endpoint}/api/models/{repository}/tree/main", params={"recursive": "true"})
        listing.raise_for_status()
        return [
            Remote(
                entry["path"],
                int(entry["size"]),
                str(entry.get("lfs", {}).get("oid", "")),
                f"{endpoint}/{repository}/resolve/main/{quote(entry['path'])}",
            )
            for entry in _entries(listing, lambda data: data)
            if entry.get("type") == "file"
        ]

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return HubSource("hub", lambda model: model.hub, files, connect_timeout, headers)


def model_scope(connect_timeout: float = 5.0) -> HubSource:
    """ModelScope, or the mirror that ``MODELSCOPE_ENDPOINT`` names."""
    endpoint = os.environ.get("MODELSCOPE_ENDPOINT", "").rstrip("/") or "https://www.modelscope.cn"

    def files(client: httpx.Client, repository: str) -> list[Remote]:
        url = f"{endpoint}/api/v1/models/{repository}/repo/files"
        listing = client.get(url, params={"Revision": "master", "Recursive": "true"})
        listing.raise_for_status()
        return [
            Remote(
                entry["Path"],
                int(entry["Size"]),
                str(entry.get("Sha256") or ""),
                f"{endpoint}/models/{repository}/resolve/master/{quote(entry['Path'])}",
            )
            for entry in _entries(listing, lambda data: data["Data"]["Files"])
            if entry.get("Type") == "blob"
        ]

    return HubSource("modelscope", lambda model: model.modelscope, files, connect_timeout)


def _entries(response: httpx.Response, pick: Callable[[Any], Any]) -> list[dict[str, Any]]:
    """The list of files in a hub's answer; a login page or another service in its place is a SourceError."""
    try:
        entries = pick(response.json())
        return [dict(entry) for entry in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{response.url.host} did not answer with a list of files") from error
