"""The engines that write. Only this package imports a generation engine; which one is a setting."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from engine.base import Chunk, GenerationRequest, Generator, Keeps, Message, Reads
from errors import GeneratorError, SettingsError, choice
from models.silence import silence

if TYPE_CHECKING:
    from engine.settings import GeneratorSettings
    from models.settings import ModelSettings

__all__ = ["Chunk", "GenerationRequest", "Generator", "Keeps", "Message", "Reads", "open_generator"]

silence()

ENGINES = {
    "openvino": ("openvino", "openvino_genai", "tokenizers", "jinja2"),
    "transformers": ("torch", "transformers"),
    "openai": ("httpx",),
}


def open_generator(settings: GeneratorSettings, models: ModelSettings, kept: Path | None = None) -> Generator:
    """The generator that the settings name. Cheap: a model is loaded by its first use (or ``warm()``), except
    that the engine ``openvino`` converts a GGUF file when that was not done at the fetch.

    Args:
        kept: folder for what is read of passages, where the engine can keep it; None: memory alone.

    Raises:
        SettingsError: unknown engine, or ``openai`` without base_url.
        GeneratorError: a package that the engine needs is not installed.
        ModelError: the model is not in the store.
    """
    needs = ENGINES.get(settings.engine)
    if needs is None:
        raise SettingsError.named("engine_unknown", name=settings.engine, **choice(settings.engine, ENGINES))
    if missing := [name for name in needs if importlib.util.find_spec(name) is None]:
        packages = " ".join(name.replace("_", "-") for name in missing)
        raise GeneratorError.named(
            "engine_packages", name=settings.engine, missing=", ".join(missing), packages=packages
        )
    if settings.engine == "openai":
        from engine.openai import OpenAIGenerator

        return OpenAIGenerator(
            settings.base_url,
            settings.model,
            api_key=settings.api_key.get_secret_value(),
            timeout=settings.timeout,
            deadline=settings.deadline,
        )
    path = _model_path(settings.model, models)
    if settings.engine == "transformers":
        from engine.transformers import TransformersGenerator

        return TransformersGenerator(
            path, device=settings.device, threads=settings.threads, batch=settings.batch
        )
    from engine.convert import MANIFEST, prepare
    from engine.openvino import OpenVINOGenerator

    folder = path if (path / MANIFEST).is_file() else prepare(_gguf(path))
    return OpenVINOGenerator(
        folder,
        threads=settings.threads,
        batch=settings.batch,
        kept=kept,
        kept_bytes=settings.kept_mb << 20,
    )


def _model_path(model: str, models: ModelSettings) -> Path:
    from models.store import ModelStore

    return ModelStore(models.folder).path(model)


def _gguf(path: Path) -> Path:
    """The GGUF file at ``path`` or the only one in that folder."""
    if path.is_file():
        return path
    found = sorted(path.glob("*.gguf"))
    if len(found) != 1:
        raise GeneratorError.named("engine_one_gguf", path=str(path), found=len(found))
    return found[0]
