"""Requests of any form to the API: an answer or an error in the API's form, never a fault of the server."""

from __future__ import annotations

import functools
import json
from typing import Any

from hypothesis import strategies as st

from fuzz.inputs import json_values, texts

POSTS = ("/api/ask", "/api/search", "/api/feedback", "/v1/chat/completions")
GETS = ("/api/search", "/api/documents", "/api/documents/x", "/v1/models/x", "/api/feedback")

_part = st.one_of(
    st.fixed_dictionaries(
        {"type": st.sampled_from(("text", "image_url", "refusal", "x"))}, optional={"text": texts}
    ),
    json_values,
)
_message = st.fixed_dictionaries(
    {"role": st.one_of(st.sampled_from(("system", "user", "assistant", "tool", "developer")), texts)},
    optional={
        "content": st.one_of(st.none(), texts, st.lists(_part, max_size=3)),
        "tool_calls": json_values,
        "name": json_values,
    },
)
_chat = st.fixed_dictionaries(
    {"messages": st.one_of(st.lists(_message, max_size=4), json_values)},
    optional={
        name: st.one_of(json_values, st.sampled_from(known))
        for name, known in {
            "model": ("wenju", "wenju-sources"),
            "stream": (True, False),
            "stream_options": ({"include_usage": True},),
            "max_tokens": (1, 5, 100),
            "n": (1, 2),
            "tool_choice": ("auto", "none"),
            "response_format": ({"type": "text"},),
            "tools": ([],),
        }.items()
    },
)
_ask = st.fixed_dictionaries(
    {"question": st.one_of(texts, json_values)},
    optional={
        "history": st.one_of(
            json_values, st.lists(st.fixed_dictionaries({"question": texts, "answer": texts}), max_size=3)
        ),
        "passages": st.one_of(
            json_values, st.lists(st.fixed_dictionaries({"title": texts, "text": texts}), max_size=3)
        ),
        "collection": st.one_of(json_values, texts),
        "stream": st.one_of(st.booleans(), json_values),
        "k": json_values,
    },
)
_post = st.tuples(st.just("POST"), st.sampled_from(POSTS), st.one_of(_ask, _chat, json_values), st.just(b""))
_raw = st.tuples(
    st.just("POST"),
    st.sampled_from(POSTS),
    st.none(),
    st.one_of(st.binary(max_size=80), texts.map(lambda t: t.encode("utf-8", "surrogatepass"))),
)
_get = st.tuples(
    st.just("GET"),
    st.sampled_from(GETS),
    st.dictionaries(st.sampled_from(("q", "k", "days", "collection")), texts, max_size=3),
    st.just(b""),
)
requests = st.one_of(_post, _post, _raw, _get)


@functools.cache
def _client() -> Any:
    from fastapi.testclient import TestClient
    from ui_fakes import api_app

    from ui.body_limit import BodyLimit
    from ui.settings import UiSettings
    from ui.viewer import local_administrator

    app = BodyLimit(api_app(), UiSettings(), local_administrator)
    return TestClient(app, raise_server_exceptions=True)


def api(given: tuple[str, str, Any, bytes]) -> None:
    """The status is one that the API knows, the body JSON or events, an error in OpenAI's form."""
    method, path, value, raw = given
    client = _client()
    if method == "GET":
        params = {name: text[:300].encode("utf-8", "ignore") for name, text in value.items()}
        reply = client.get(path, params=params)
    else:
        content = raw if value is None else json.dumps(value).encode()
        reply = client.post(path, content=content, headers={"content-type": "application/json"})
    assert reply.status_code in (200, 400, 404, 413, 422), (reply.status_code, reply.text[:300])
    if reply.headers["content-type"].startswith("text/event-stream"):
        for block in reply.text.split("\n\n"):
            assert block == "" or "data: " in block
            assert '"scripted' not in block
    else:
        told = reply.json()
        assert reply.status_code == 200 or {"message", "type"} <= told["error"].keys(), told
