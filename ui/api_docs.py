"""The API's description as a page without scripts and outside requests: /docs, made from the OpenAPI document.

A page of Swagger UI would bring 1.5 MB of script for the same few routes; curl lines do what its button does.
"""

from __future__ import annotations

import html
import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ui.document_html import page_html
from ui.settings import UiSettings
from ui.texts import Texts

router = APIRouter(include_in_schema=False)
e = html.escape


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """Every route with its parameters, body, answers and a line of curl."""
    settings: UiSettings = request.app.state.settings
    base = (settings.public_url or str(request.base_url)).rstrip("/")
    t = Texts(request.query_params.get("lang", settings.lang))
    body = describe(request.app.openapi(), base, t)
    return HTMLResponse(page_html("API", body, settings, t.lang, request.app.state.who(request), current="api"))


def describe(schema: dict[str, Any], base: str, t: Texts) -> str:
    """The OpenAPI document as HTML."""
    parts = [f'<p>{e(t("api_lead"))} <a href="{e(base)}/openapi.json">openapi.json</a></p>']
    for path, methods in schema["paths"].items():
        for method, route in methods.items():
            parts.append(_route(path, method.upper(), route, schema, base, t))
    return "".join(parts)


def _route(path: str, method: str, route: dict[str, Any], schema: dict[str, Any], base: str, t: Texts) -> str:
    out = [f"<section><h2><code>{method} {e(path)}</code></h2><p>{e(route.get('summary', ''))}</p>"]
    if route.get("description"):
        out.append(f"<p>{e(route['description'])}</p>")
    fields = [(p["name"], p["schema"], p.get("required", False), p["in"]) for p in route.get("parameters", ())]
    body = _body_schema(route, schema)
    if body is not None:
        needed = body.get("required", ())
        fields += [(name, part, name in needed, "body") for name, part in body.get("properties", {}).items()]
    if fields:
        head = "".join(f'<th scope="col">{e(t("col_" + name))}</th>' for name in ("name", "place", "kind", "about"))
        rows = "".join(_field(*field) for field in fields)
        out.append(f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>')
    out.append(f"<pre><code>{e(_curl(path, method, body, base))}</code></pre></section>")
    return "".join(out)


def _field(name: str, part: dict[str, Any], required: bool, place: str) -> str:
    about = " ".join(filter(None, ("required" if required else "", part.get("description", ""))))
    return f"<tr><td><code>{e(name)}</code></td><td>{e(place)}</td><td>{e(_kind(part))}</td><td>{e(about)}</td></tr>"


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
    "question": "年休假怎么申请？", "messages": [{"role": "user", "content": "年休假怎么申请？"}], "model": "wenju",
    "answer_id": "ID", "verdict": "up", "title": "...", "name": "..."
}  # fmt: skip


def _curl(path: str, method: str, body: dict[str, Any] | None, base: str) -> str:
    line = f"curl -H 'Authorization: Bearer TOKEN' {base}{path}"
    if method not in ("GET", "POST"):
        line += f" -X {method}"
    if body is None:
        return line
    wanted = [n for n in body.get("properties", {}) if n in body.get("required", ()) or n in ("messages", "model")]
    data = json.dumps({name: _EXAMPLES.get(name, "...") for name in wanted}, ensure_ascii=False)
    return f"{line} \\\n  -H 'Content-Type: application/json' -d '{data}'"
