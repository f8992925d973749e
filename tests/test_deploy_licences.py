"""Licences: every package that runs has one stated, and the document and the bill of materials say the
same."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import pytest

from deploy.dependencies import STATED, constraints, direct, is_spdx, runtime
from deploy.licences import DOCUMENT, document
from models.manifest import load_manifest


def test_every_package_that_runs_is_pinned_and_has_a_licence() -> None:
    pinned, found = constraints(), runtime()
    assert len(found) > len(direct())
    for one in found:
        assert one.name in pinned, f"{one.name} is not in constraints.txt: make constraints"
        assert is_spdx(one.licence), (
            f"{one.name}: {one.licence!r}; read its licence file, name it in deploy/licences.toml"
        )


def test_what_we_state_ourselves_is_needed_and_says_where_it_was_read() -> None:
    names = {one.name for one in runtime()}
    for name, entry in tomllib.loads(STATED.read_text("utf-8")).items():
        assert name in names, f"{name} is not a dependency any more"
        assert is_spdx(entry["licence"]) and entry["from"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other dependencies")
def test_the_document_is_true() -> None:
    assert document(runtime(), load_manifest().values()) == DOCUMENT.read_text("utf-8"), "run: make licences"


def test_a_missing_licence_shows() -> None:
    assert not is_spdx("BSD License") and not is_spdx("") and is_spdx("Apache-2.0 OR MIT")
    one = runtime()[0]
    nobody = type(one)(one.name, one.version, "", one.home, ())
    assert "**not stated**" in document([nobody], ())


def test_the_bill_of_materials_holds_packages_and_models(tmp_path: Path) -> None:
    pytest.importorskip("cyclonedx", reason="make sbom brings it in a folder of its own")
    from deploy import sbom

    sbom.main(tmp_path / "sbom.json")
    made = json.loads((tmp_path / "sbom.json").read_text("utf-8"))
    kinds = {one["name"]: one for one in made["components"]}
    assert {one.name for one in runtime()} | set(load_manifest()) == set(kinds)
    assert all(one["licenses"] for one in kinds.values())
    (weights,) = kinds["qwen2.5-coder-1.5b"]["components"]
    assert weights["hashes"][0]["content"] == load_manifest()["qwen2.5-coder-1.5b"].files[0].sha256
    needs = {one["ref"]: one.get("dependsOn", []) for one in made["dependencies"]}
    assert "model:qwen2.5-coder-1.5b" in needs["wenju"] and len(needs["wenju"]) == len(direct()) + len(
        load_manifest()
    )
