"""All settings in one place: built-in defaults < profile < wenju.toml < environment WENJU_* < flags.

``wenju.toml`` is the file named by ``--config`` or ``WENJU_CONFIG``, else ``./wenju.toml``, else the one in
the user's configuration folder. Relative paths in it are relative to the file. In the environment a section
and its key are joined by two underscores (``WENJU_ANSWER__RISK=0.1``); lists are JSON or comma-separated.
``WENJU_DATA`` is the data folder and ``WENJU_MODELS`` the model store. A key that does not exist is an error
that names the nearest right one.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_config_path, user_data_path
from pydantic import BaseModel, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from engine.settings import GeneratorSettings
from errors import SettingsError, choice
from index.settings import IndexSettings
from models.settings import ModelSettings
from qa.settings import AnswerSettings, EngineSettings
from ui.settings import UiSettings

PREFIX = "WENJU_"
NOT_SETTINGS = {
    "WENJU_CONFIG",
    "WENJU_MODELS",
    "WENJU_BENCH",
    "WENJU_JUDGE_URL",
    "WENJU_JUDGE_MODEL",
    "WENJU_JUDGE_KEY",
}
"""Variables with our prefix that are read elsewhere, or mean something of their own."""

PATHS = (("data",), ("models", "folder"), ("models", "local"), ("ui", "originals"))

WORDS = "multilingual-e5-small"
"""The model whose word table small networks of the program read with, whichever encoder searches."""

PROFILES: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "quality": {"index": {"encoder": "bge-m3"}, "generator": {"model": "qwen3-4b"}},
    "api": {"generator": {"engine": "openai"}},
}
"""What a profile changes where nothing else sets it."""


class Settings(BaseSettings):
    """Everything the program can be told. Sections are those of the packages that use them."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True
    )

    data: Path = Field(default_factory=lambda: user_data_path("wenju", appauthor=False))
    index: IndexSettings = IndexSettings()
    models: ModelSettings = ModelSettings()
    generator: GeneratorSettings = GeneratorSettings()
    answer: AnswerSettings = AnswerSettings()
    ui: UiSettings = UiSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Layers are merged by ``load_settings``, which knows where each value came from."""
        return (init_settings,)

    @property
    def engine(self) -> EngineSettings:
        """The part that an Engine is opened with."""
        return EngineSettings(
            data=self.data,
            index=self.index,
            models=self.models,
            generator=self.generator,
            answer=self.answer,
        )


class _Environment(EnvSettingsSource):
    """Variables of the environment; lists may be written with commas, WENJU_MODELS is the model store."""

    def __init__(self) -> None:
        super().__init__(Settings)
        values = dict(self.env_vars)
        if store := values.pop("wenju_models", None):
            values.setdefault("wenju_models__folder", store)
        self.env_vars = values

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return [part.strip() for part in str(value).split(",") if part.strip()]


def load_settings(flags: Mapping[str, Any] | None = None, config: Path | None = None) -> Settings:
    """Read and check all layers.

    Args:
        flags: nested mapping of what the command line sets; wins over everything.
        config: the settings file; None: ``WENJU_CONFIG`` or the first that exists.

    Raises:
        SettingsError: unknown key, bad value, unreadable file; the message names key and origin.
    """
    path = config_file(config)
    layers = {
        "the command line": _plain(flags or {}),
        "the environment": _environment(),
        str(path): _toml(path) if path else {},
    }
    merged: dict[str, Any] = {}
    for layer in reversed(layers.values()):
        merged = _merge(merged, layer)
    models = merged.get("models")
    profile = models.get("profile", "default") if isinstance(models, dict) else "default"
    merged = _merge(PROFILES.get(str(profile), {}), merged)
    try:
        return Settings(**merged)
    except ValidationError as error:
        raise _explain(error, layers) from None


def config_file(config: Path | None = None) -> Path | None:
    """The settings file in force, or None. Raises SettingsError when a file that was named does not exist."""
    chosen = config or (Path(os.environ["WENJU_CONFIG"]) if os.environ.get("WENJU_CONFIG") else None)
    if chosen is not None:
        if not chosen.is_file():
            raise SettingsError.named("settings_file", path=str(chosen))
        return chosen
    usual = (Path("wenju.toml"), user_config_path("wenju", appauthor=False) / "wenju.toml")
    return next((path for path in usual if path.is_file()), None)


def wanted_models(settings: Settings) -> list[str]:
    """Names of the manifest's models that these settings use: encoder, local generator.

    The default encoder is always among them: its word table serves others too.
    """
    from models.manifest import load_manifest

    names = [settings.index.encoder]
    if settings.index.encoder != WORDS:
        names.append(WORDS)
    if settings.generator.engine != "openai":
        names.append(settings.generator.model)
    return [name for name in names if name in load_manifest()]


def _toml(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError.named("settings_toml", path=str(path), what=str(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError.named("settings_unreadable", path=str(path), what=str(error)) from None
    for *sections, key in PATHS:
        table: Any = values
        for section in sections:
            table = table.get(section, {}) if isinstance(table, dict) else {}
        if isinstance(table, dict) and isinstance(table.get(key), str) and table[key]:
            table[key] = str(path.resolve().parent / Path(table[key]).expanduser())
    return values


def _environment() -> dict[str, Any]:
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    for name in os.environ:
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        if name.partition("__")[0] not in known:
            valid = {variable(key) for key in keys()} | NOT_SETTINGS | {"WENJU_DATA"}
            place = f"{name} in the environment"
            raise SettingsError.named("setting_unknown", place=place, **choice(name, valid))
    return _plain(_Environment()())


def keys() -> list[str]:
    """All settings as ``section.key``, sorted by section in the order of the class."""
    found = []
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            found += [f"{name}.{key}" for key in section.model_fields]
        else:
            found.append(name)
    return found


def variable(key: str) -> str:
    """The environment variable of a key: ``answer.risk`` -> ``WENJU_ANSWER__RISK``."""
    return PREFIX + key.upper().replace(".", "__")


def _explain(error: ValidationError, layers: Mapping[str, Mapping[str, Any]]) -> SettingsError:
    """The first thing wrong, with where it was set and what would be right."""
    problem = error.errors()[0]
    location = tuple(str(part) for part in problem["loc"])
    key = ".".join(location)
    origin = next((name for name, layer in layers.items() if _holds(layer, location)), "the settings")
    place = f"{variable(key)} in the environment" if origin == "the environment" else f"'{key}' in {origin}"
    if problem["type"] == "extra_forbidden":
        section = location[0] + "." if len(location) > 1 else ""
        options = [name for name in keys() if name.startswith(section)] or keys()
        return SettingsError.named("setting_unknown", place=place, **choice(key, options))
    value = json.dumps(problem["input"], ensure_ascii=False, default=str)[:80]
    if any(word in location[-1] for word in ("key", "secret", "password", "database")):
        value = "(hidden)"
    return SettingsError.named("setting_value", value=value, place=place, what=problem["msg"])


def _holds(layer: Mapping[str, Any], location: tuple[str, ...]) -> bool:
    node: Any = layer
    for part in location:
        if isinstance(node, Mapping) and part in node:
            node = node[part]
        else:
            return isinstance(node, list | tuple)
    return True


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``above`` laid over ``below``, section by section."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _plain(layer: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is None: a flag that was not given sets nothing."""
    return {
        key: _plain(value) if isinstance(value, Mapping) else value
        for key, value in layer.items()
        if value is not None
    }
