"""Settings of the engine that writes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class GeneratorSettings(BaseModel):
    """Which engine writes, and with what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: Literal["openvino", "transformers", "openai"] = "openvino"
    model: str = Field(
        "qwen2.5-coder-1.5b", description="name in the model manifest, a folder, or a remote model's name"
    )
    base_url: str = Field(
        "", description="OpenAI-compatible endpoint, for engine 'openai'; several with commas between them"
    )
    api_key: SecretStr = Field(
        SecretStr(""), description="key for base_url; better given as WENJU_GENERATOR__API_KEY"
    )
    threads: int = Field(0, ge=0, description="CPU threads; 0: all cores")
    batch: int = Field(
        8, ge=1, le=64, description="answers written together; a remote engine is taken to batch as well"
    )
    kept_mb: int = Field(
        1024,
        ge=0,
        description="MB in the data folder for what was read of passages, lest it be read again; 0: none",
    )
    device: Literal["auto", "cpu", "cuda"] = "auto"
    timeout: float = Field(120.0, gt=0, description="seconds to wait for a remote endpoint")
    deadline: float = Field(
        300.0,
        ge=0,
        description="seconds that a remote endpoint may take for an answer, retries included; 0: no limit",
    )
