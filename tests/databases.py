"""Databases for the storage tests: a PostgreSQL of our own, and what is put into a store."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_corpus import fake_engine

from qa.serialize import answer_from_dict, answer_to_dict
from qa.types import Answer
from ui.storage import Store
from ui.storage_tables import metadata
from ui.storage_types import Exchange, now

ENGINE = fake_engine()
ANSWER = answer_from_dict(answer_to_dict(ENGINE.answer("年休假怎么申请？")))
REFUSAL = answer_from_dict(answer_to_dict(ENGINE.answer("食堂几点开门")))


def exchange(
    identity: str = "e1", question: str = "年休假怎么申请？", answer: Answer | None = ANSWER, **changes: Any
) -> Exchange:
    return replace(Exchange(identity, question, now(), "done", answer), **changes)


@contextlib.contextmanager
def emptied(url: str, folder: Path) -> Iterator[Store]:
    """A store on a database whose tables are gone afterwards."""
    opened = Store.open(url, folder)
    yield opened
    metadata.drop_all(opened.database)
    opened.close()


@contextlib.contextmanager
def own_postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL in a folder of its own, reached through a socket in it; skips where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or list(
        filter(None, [shutil.which("initdb")])
    )
    if not found:
        pytest.skip("no PostgreSQL server binaries (Debian: apt-get install postgresql)")
    pytest.importorskip("psycopg")
    tools = Path(found[-1]).parent
    folder = Path(os.path.realpath(folder))
    command: list[str] = []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        if not shutil.which("setpriv") or subprocess.run(["id", "postgres"], capture_output=True).returncode:
            pytest.skip("running as root, and there is no user postgres to run the server as")
        folder = Path("/tmp") / f"wenju-pg-{os.getpid()}"
        folder.mkdir(mode=0o700)
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    run = {"check": True, "capture_output": True, "timeout": 60, "cwd": str(folder)}
    subprocess.run(
        [
            *command,
            str(tools / "initdb"),
            "-D",
            str(data),
            "-U",
            "wenju",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ],
        **run,
    )  # type: ignore[call-overload]
    options = f"-k {folder} -p {port} -c listen_addresses='' -c fsync=off"
    subprocess.run(
        [
            *command,
            str(tools / "pg_ctl"),
            "-D",
            str(data),
            "-w",
            "-o",
            options,
            "-l",
            str(folder / "log"),
            "start",
        ],
        **run,
    )  # type: ignore[call-overload]
    try:
        yield f"postgresql://wenju@/postgres?host={folder}&port={port}"
    finally:
        subprocess.run(
            [*command, str(tools / "pg_ctl"), "-D", str(data), "-w", "-m", "immediate", "stop"], **run
        )  # type: ignore[call-overload]
        shutil.rmtree(folder, ignore_errors=True)
