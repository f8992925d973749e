"""Settings of the model store: where model files lie and where they may come from."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SourceKind = Literal["folder", "hub", "modelscope", "packages"]


class ModelSettings(BaseModel):
    """Where model files lie and which sources are tried, in this order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = Field(
        None, description="model store; default: the user's cache folder, wenju/models"
    )
    profile: Literal["default", "quality", "api"] = Field(
        "default",
        description="default; quality: larger models from a hub; api: an OpenAI-compatible server writes",
    )
    sources: tuple[SourceKind, ...] = Field(
        ("folder", "packages", "hub", "modelscope"),
        description="where models may come from, tried in this order",
    )
    local: Path | None = Field(None, description="folder tried by the source 'folder'")
    connect_timeout: float = Field(
        5.0, gt=0, description="seconds before a source is given up as unreachable"
    )
