"""Settings of the page and of the server that carries it: addresses, queue, sign-on, storage, logs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

Lang = Literal["zh", "en"]


class UiSettings(BaseModel):
    """Where the page is served, what it is called, who may embed it and how many may ask at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(7860, ge=0, le=65535, description="port to listen on; 0: any free one")
    root_path: str = Field("", description="public prefix behind a proxy, e.g. /wenju, stripped by it or not")
    title: str = Field("问据", description="name at the top of the page")
    lang: Lang = Field("zh", description="language of the page when the address does not name one")
    theme: Literal["auto", "light", "dark"] = "auto"
    allowed_origins: tuple[str, ...] = Field(
        (), description="origins that may embed the widget and call the API"
    )
    slots: int = Field(
        0,
        ge=0,
        le=256,
        description="answers written at the same time; 0: as many as the engine writes together",
    )
    queue_size: int = Field(
        256, ge=0, description="people who may wait; beyond that they are asked to come back"
    )
    rate_per_minute: int = Field(20, ge=0, description="questions a person may ask per minute; 0: no limit")
    rate_per_address: int = Field(
        240,
        ge=0,
        description=(
            "questions per minute from one address, whoever asks; 0: no limit. "
            "A proxy that all come through has to be in sso_proxies"
        ),
    )
    suggestions: tuple[str, ...] = Field(
        (), description="questions offered on the empty page, before derived ones"
    )
    prove_suggestions: bool = Field(
        True, description="ask suggested questions in idle moments, so that only answered ones are offered"
    )
    contact: str = Field(
        "", description="whom to ask when the documents have no answer, shown on the 未找到 card"
    )
    originals: Path | None = Field(
        None, description="folder of uploaded source files, for 打开原件; unset: originals in the data folder"
    )
    originals_store: str = Field(
        "",
        description=(
            "S3-compatible bucket for these files, https://HOST:PORT/BUCKET/PREFIX; "
            "the folder is a cache of it then"
        ),
    )
    originals_access_key: SecretStr = Field(
        SecretStr(""), description="better given as WENJU_UI__ORIGINALS_ACCESS_KEY"
    )
    originals_secret_key: SecretStr = Field(
        SecretStr(""), description="better given as WENJU_UI__ORIGINALS_SECRET_KEY"
    )
    upload_max_mb: int = Field(50, ge=1, le=2048, description="largest file an administrator may upload")
    body_max_kb: int = Field(
        256,
        ge=16,
        le=65536,
        description="largest request other than an upload, in kB; more is refused unread",
    )
    warm_timeout: float = Field(180.0, gt=0, description="seconds a question waits for the models to load")

    mcp_port: int = Field(7861, ge=0, le=65535, description="port of wenju mcp --http")
    public_url: str = Field(
        "", description="address people use, e.g. https://ask.example.org/wenju, behind a proxy"
    )
    allowed_hosts: tuple[str, ...] = Field((), description="further Host names taken while sign-on is off")
    auth: Literal["auto", "off", "header", "oidc", "token"] = Field(
        "auto", description="who may ask; auto: off on loopback"
    )
    admins: tuple[str, ...] = Field(
        (), description="names of administrators (header and oidc); everyone else reads"
    )
    sso_header: str = Field("X-Remote-User", description="header with the user's name, set by the proxy")
    sso_proxies: tuple[str, ...] = Field(
        (),
        description="addresses or networks of the proxies, which may set sso_header and X-Forwarded-For",
    )
    oidc_issuer: str = Field("", description="address of the OpenID provider, without /.well-known/...")
    oidc_client_id: str = Field("", description="name under which the provider knows this server")
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="better given as WENJU_UI__OIDC_CLIENT_SECRET"
    )
    oidc_scope: str = Field(
        "openid profile email",
        description="what is asked of the provider; add offline_access where refresh tokens need it",
    )
    oidc_name_claim: str = Field(
        "preferred_username", description="claim that names the user; else email, else sub"
    )
    oidc_admin_group: str = Field("", description="members of this group (claim 'groups') are administrators")
    collection_groups: dict[str, tuple[str, ...]] = Field(
        {},
        description=(
            "groups that may read a collection, by its name; everybody may read the documents of the others. "
            "Administrators read all"
        ),
    )
    sso_groups_header: str = Field(
        "",
        description=(
            "header with the user's groups, parted by commas, which the proxy sets or takes out; "
            "empty: none is read"
        ),
    )
    oidc_lookup_minutes: float = Field(
        5.0,
        ge=0.1,
        le=60,
        description="how often the provider is asked again who somebody is, and in which groups",
    )
    session_hours: float = Field(
        12.0, gt=0, le=24 * 31, description="how long a sign-on in the browser lasts"
    )
    embed_secret: SecretStr = Field(
        SecretStr(""), description="key shared with host pages that sign who embeds the widget"
    )
    embed_anonymous: bool = Field(
        False, description="let the widget ask without a name, within visitor_per_minute"
    )
    visitor_per_minute: int = Field(
        5, ge=1, description="questions an anonymous visitor's address may ask per minute"
    )

    database: str = Field(
        "", description="SQLAlchemy URL; empty: wenju.db in the data folder; none: keep nothing", repr=False
    )
    retention_days: int = Field(
        0, ge=0, description="days after which conversations, feedback and audit go; 0: never"
    )
    audit: bool = Field(
        True, description="record who asked what and what was cited; off: questions without names"
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="auto: console on a terminal, else json"
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("root_path")
    @classmethod
    def _prefix(cls, value: str) -> str:
        """Written /wenju, wenju or wenju/, it means the same."""
        plain = value.strip().strip("/")
        return f"/{plain}" if plain else ""

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        address = value.strip().rstrip("/")
        if address and not address.startswith(("https://", "http://")):
            raise ValueError("it starts with https:// or http://")
        return address
