"""Settings of the index: which encoder, how many passages, how dense and lexical scores are weighed."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class IndexSettings(BaseModel):
    """Parameters of indexing and retrieval; stored in the index's manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: str = Field(
        "multilingual-e5-small", description="name of the encoder in the model manifest, or a local folder"
    )
    encoder_backend: Literal["auto", "openvino", "torch"] = "auto"
    passage_min: int = Field(
        60, ge=1, description="fragments below this many characters are merged with neighbours"
    )
    passage_max: int = Field(
        400,
        ge=50,
        description="longer paragraphs are split at sentence ends; lists and tables may be a quarter longer",
    )
    top_k: int = Field(8, ge=1, le=200, description="passages returned by a search")
    milvus: str = Field(
        "",
        description="search in Milvus at this address (http://HOST:19530), not in files of this machine",
    )
    milvus_token: SecretStr = Field(
        SecretStr(""),
        description="user:password or key for milvus; better given as WENJU_INDEX__MILVUS_TOKEN",
    )
