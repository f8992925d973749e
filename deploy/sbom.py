"""The bill of materials as CycloneDX 1.6 JSON: ``python -m deploy.sbom OUT.json`` (`make sbom`).

The program, everything it needs to run as installed here, and the models of the manifest with their
checksums. Needs cyclonedx-python-lib, which `make sbom` brings into a folder of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.utils import canonicalize_name

from deploy.dependencies import Package, direct, runtime
from models.manifest import Model, load_manifest
from wenju import __version__


def bom() -> Bom:
    """All components with who needs whom."""
    made = Bom()
    program = Component(
        name="wenju",
        version=__version__,
        type=ComponentType.APPLICATION,
        licenses=_licences("Apache-2.0"),
        bom_ref="wenju",
    )
    made.metadata.component = program
    packages = {one.name: (one, _package(one)) for one in runtime()}
    for one, component in packages.values():
        made.components.add(component)
        made.register_dependency(component, [packages[name][1] for name in one.needs if name in packages])
    models = [_model(one) for one in load_manifest().values()]
    made.components.update(models)
    needed = [packages[canonicalize_name(one.name)][1] for one in direct()]
    made.register_dependency(program, [*needed, *models])
    return made


def _licences(expression: str) -> Any:
    return [LicenseFactory().make_from_string(expression)] if expression else []


def _package(one: Package) -> Component:
    purl = PackageURL("pypi", name=one.name, version=one.version)
    links = [ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(one.home))] if one.home else []
    return Component(
        name=one.name,
        version=one.version,
        type=ComponentType.LIBRARY,
        purl=purl,
        licenses=_licences(one.licence),
        external_references=links,
        bom_ref=str(purl),
    )


def _model(one: Model) -> Component:
    """A model; its files, with the checksums that are pinned, are components in it."""
    files = [
        Component(
            name=file.name,
            type=ComponentType.FILE,
            bom_ref=f"model:{one.name}/{file.name}",
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=file.sha256)],
        )
        for file in one.files
        if file.sha256
    ]
    links = (
        [
            ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION, url=XsUri(f"https://huggingface.co/{one.hub}")
            )
        ]
        if one.hub
        else []
    )
    return Component(
        name=one.name,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        description=" ".join(filter(None, (one.title, one.terms))),
        licenses=_licences(one.licence),
        components=files,
        external_references=links,
        bom_ref=f"model:{one.name}",
    )


def main(out: Path) -> None:
    text = JsonV1Dot6(bom()).output_as_string(indent=1)
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"sbom: not valid CycloneDX: {wrong}")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text + "\n", "utf-8")
    print(f"{out}: valid CycloneDX 1.6")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
