"""Settings of question answering, and the bundle that an Engine is opened with."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.settings import GeneratorSettings
from index.settings import IndexSettings
from models.settings import ModelSettings


class AnswerSettings(BaseModel):
    """How an answer is made and what is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    context_tokens: int = Field(500, ge=64, le=16384, description="most tokens of evidence in the prompt")
    context_cover: float = Field(
        0.9,
        gt=0.0,
        le=1.0,
        description="probability that the answer is among what is read; reading ends there; 1: all that fits",
    )
    max_passages: int = Field(6, ge=1, le=50, description="passages that may stand in the prompt")
    patience: float = Field(
        4.0,
        gt=0.0,
        le=600.0,
        description=(
            "seconds that writing may take; on a slower machine "
            "less is read, or the documents' own words stay"
        ),
    )
    risk: float = Field(
        0.65, ge=0.0, le=1.0, description="acceptable risk: what is less certain than 1-risk is refused"
    )
    unsupported: Literal["drop", "mark"] = Field(
        "drop", description="what happens to a sentence without support"
    )
    from_memory: bool = Field(
        False, description="answer (labelled) from the model's memory when the documents do not"
    )
    style: Literal["sentence", "short"] = Field("sentence", description="short: the bare span, for EM and F1")
    max_new_tokens: int = Field(160, ge=8, le=2048, description="longest draft, in tokens")
    cache: bool = Field(
        True, description="answer a repeated question from the cache while nothing has changed"
    )
    question_max: int = Field(2000, ge=10, description="longest question taken, in characters")

    @property
    def context_limits(self) -> tuple[int, int, float]:
        """What a context may hold, as ``qa.context.Limits`` takes it."""
        return (self.context_tokens, self.max_passages, self.context_cover)


class EngineSettings(BaseModel):
    """Everything an Engine needs. ``data`` is the data folder; the index lies in ``data/index``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path
    index: IndexSettings = IndexSettings()
    models: ModelSettings = ModelSettings()
    generator: GeneratorSettings = GeneratorSettings()
    answer: AnswerSettings = AnswerSettings()
