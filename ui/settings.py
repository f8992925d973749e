"""Settings of the page and the server that carries it. The server's own settings (sign-on, storage) join them here."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Lang = Literal["zh", "en"]


class UiSettings(BaseModel):
    """Where the page is served, what it is called, who may embed it and how many may ask at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(7860, ge=0, le=65535)
    root_path: str = Field("", description="public prefix, e.g. /wenju, when a proxy strips it")
    title: str = Field("问据", description="name at the top of the page")
    lang: Lang = Field("zh", description="language of the page when the address does not name one")
    theme: Literal["auto", "light", "dark"] = "auto"
    allowed_origins: tuple[str, ...] = Field((), description="origins that may embed the widget and call the API")
    slots: int = Field(1, ge=1, le=256, description="answers written at the same time")
    queue_size: int = Field(64, ge=0, description="people who may wait; beyond that they are asked to come back")
    rate_per_minute: int = Field(20, ge=0, description="questions a person may ask per minute; 0: no limit")
    suggestions: tuple[str, ...] = Field((), description="questions offered on the empty page, before derived ones")
    contact: str = Field("", description="whom to ask when the documents have no answer, shown on the 未找到 card")
    originals: Path | None = Field(None, description="folder with the source files, for 打开原件 and uploads")
    upload_max_mb: int = Field(50, ge=1, le=2048, description="largest file an administrator may upload")
    warm_timeout: float = Field(180.0, gt=0, description="seconds a question waits for the models to load")
