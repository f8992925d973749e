"""The API's description as a page without scripts and outside requests: /docs, made from the OpenAPI
document.

A page of Swagger UI would bring 1.5 MB of script for the same few routes; curl lines do what its button does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ui.pages import ThisSite
from ui.roles import viewer_of

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of the body."""

    name: str
    place: str
    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class Route:
    """A route with its parameters and a line of curl."""

    method: str
    path: str
    summary: str
    description: str
    fields: tuple[Field, ...]
    curl: str


@router.get("/docs")
def docs(request: Request, site: ThisSite) -> HTMLResponse:
    """Every route with its parameters, body, answers and a line of curl."""
    address = (site.settings.public_url or str(request.base_url)).rstrip("/")
    shown = routes(request.app.openapi(), address)
    return site.page("api.html", "API", viewer_of(request), current="api", routes=shown, address=address)


def routes(schema: dict[str, Any], address: str) -> list[Route]:
    """The routes of an OpenAPI document."""
    return [
        _route(path, method.upper(), route, schema, address)
        for path, methods in schema["paths"].items()
        for method, route in methods.items()
    ]


def _route(path: str, method: str, route: dict[str, Any], schema: dict[str, Any], address: str) -> Route:
    body = _body_schema(route, schema)
    fields = [
        _field(p["name"], p["schema"], p.get("required", False), p["in"]) for p in route.get("parameters", ())
    ]
    if body is not None:
        needed = body.get("required", ())
        fields += [
            _field(name, part, name in needed, "body") for name, part in body.get("properties", {}).items()
        ]
    curl = _curl(path, method, body, address)
    return Route(method, path, route.get("summary", ""), route.get("description", ""), tuple(fields), curl)


def _field(name: str, part: dict[str, Any], required: bool, place: str) -> Field:
    about = " ".join(filter(None, ("required" if required else "", part.get("description", ""))))
    return Field(name, place, _kind(part), about)


def _kind(part: dict[str, Any]) -> str:
    if "$ref" in part:
        return str(part["$ref"]).rsplit("/", 1)[-1]
    if "enum" in part:
        return " | ".join(json.dumps(value) for value in part["enum"])
    if "anyOf" in part:
        return " | ".join(_kind(option) for option in part["anyOf"])
    if part.get("type") == "array":
        return f"[{_kind(part.get('items', {}))}]"
    return str(part.get("type", "any"))


def _body_schema(route: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any] | None:
    content = route.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    found: dict[str, Any] = schema["components"]["schemas"][content["schema"]["$ref"].rsplit("/", 1)[-1]]
    return found


_EXAMPLES: dict[str, Any] = {
    "question": "年休假怎么申请？",
    "messages": [{"role": "user", "content": "年休假怎么申请？"}],
    "model": "wenju",
    "answer_id": "ID",
    "verdict": "up",
    "title": "...",
    "name": "...",
}


def _curl(path: str, method: str, body: dict[str, Any] | None, base: str) -> str:
    line = f"curl -H 'Authorization: Bearer TOKEN' {base}{path}"
    if method not in ("GET", "POST"):
        line += f" -X {method}"
    if body is None:
        return line
    wanted = [
        n for n in body.get("properties", {}) if n in body.get("required", ()) or n in ("messages", "model")
    ]
    data = json.dumps({name: _EXAMPLES.get(name, "...") for name in wanted}, ensure_ascii=False)
    return f"{line} \\\n  -H 'Content-Type: application/json' -d '{data}'"
