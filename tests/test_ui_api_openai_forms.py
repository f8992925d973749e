"""/v1 with the requests that clients really send: limits, parts, tools, forms, what Open WebUI asks by
itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_corpus import fake_engine
from fake_engine import Line
from fastapi.testclient import TestClient
from markdown_it import MarkdownIt
from ui_fakes import api_app

from ui.escape import markdown
from ui.export import clipboard, to_markdown
from ui.storage import Store
from ui.storage_care import counts
from ui.storage_types import Exchange

ASKED = "年休假怎么申请？"
QUESTION = {"role": "user", "content": ASKED}
TITLE = (
    "### Task:\nGenerate a concise, 3-5 word title with an emoji.\n"
    '### Output:\nJSON format: { "title": "your title" }\n'
    '### Examples:\n- { "title": "📉 Stocks" }\n### Chat History:\n<chat_history>\n'
    "USER: 年休假怎么申请？\nASSISTANT: 提前5个工作日。\n</chat_history>"
)


def post(client: TestClient, *messages: dict[str, Any], **more: Any) -> tuple[int, dict[str, Any]]:
    got = client.post(
        "/v1/chat/completions", json={"model": "wenju", "messages": list(messages or [QUESTION])} | more
    )
    return got.status_code, got.json()


def choice(reply: dict[str, Any]) -> tuple[str, str]:
    first = reply["choices"][0]
    return first["message"]["content"], first["finish_reason"]


@pytest.fixture()
def client() -> TestClient:
    return TestClient(api_app())


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"n": 2}, "n"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "tool_choice"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, "response_format"),
        ({"logprobs": True}, "logprobs"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(client: TestClient, more: dict[str, Any], param: str) -> None:
    status, reply = post(client, **more)
    assert (
        status == 400
        and reply["error"]["param"] == param
        and reply["error"]["type"] == "invalid_request_error"
    )


def test_what_cannot_change_an_answer_is_taken(client: TestClient) -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    status, reply = post(
        client,
        tools=tools,
        tool_choice="auto",
        temperature=1.9,
        top_p=0.1,
        stop=["。"],
        seed=7,
        logit_bias={},
        user="u1",
        logprobs=False,
        stream=None,
        response_format={"type": "text"},
    )
    assert status == 200 and choice(reply)[1] == "stop" and choice(reply)[0].endswith("。")
    assert "tool_calls" not in reply["choices"][0]["message"]


def test_a_limit_ends_the_reply_at_a_sentence_or_says_length(client: TestClient) -> None:
    full, _ = choice(post(client)[1])
    status, reply = post(client, max_tokens=200, max_completion_tokens=5)
    assert status == 200 and choice(reply) == (full[:5], "length")
    first = reply["wenju"]["sentences"][0]["text"]
    cut, finish = choice(post(client, max_tokens=len(first) + 2)[1])
    assert (cut, finish) == (first, "length")
    assert choice(post(client, max_tokens=2000)[1]) == (full, "stop")
    with client.stream(
        "POST", "/v1/chat/completions", json={"messages": [QUESTION], "stream": True, "max_tokens": 5}
    ) as got:
        chunks = [json.loads(line[6:]) for line in got.iter_lines() if line.startswith("data: {")]
    assert "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks) == full[:5]
    assert chunks[-1]["choices"][0]["finish_reason"] == "length"


def test_text_comes_in_parts_and_pictures_are_named(client: TestClient) -> None:
    engine = client.app.state.engine  # type: ignore[attr-defined]
    parts = [{"type": "text", "text": "年休假"}, {"type": "input_text", "text": "怎么申请？"}]
    assert post(client, {"role": "user", "content": parts})[0] == 200 and engine.asked[-1][0] == ASKED
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    status, reply = post(
        client, {"role": "user", "content": [{"type": "text", "text": "这是什么？"}, picture]}
    )
    assert status == 400 and "image" in reply["error"]["message"] and reply["error"]["param"] == "messages"
    before = [QUESTION, {"role": "assistant", "content": [{"type": "refusal", "refusal": "没有"}]}]
    assert post(client, *before, QUESTION)[0] == 200 and engine.asked[-1][1][0].answer == "没有"


def test_calls_of_tools_in_the_history_are_passed_over(client: TestClient) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}
    called = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "10:00"},
    ]
    assert post(client, QUESTION, *called, QUESTION)[0] == 200
    assert client.app.state.engine.asked[-1] == (ASKED, ())  # type: ignore[attr-defined]
    for last in (called, [{"role": "assistant", "content": "东湖"}], [{"role": "user", "content": " "}]):
        status, reply = post(client, QUESTION, *last)
        assert (
            status == 400
            and "not a question" in reply["error"]["message"]
            and reply["error"]["param"] == "messages"
        )


def test_errors_are_openais_own(client: TestClient) -> None:
    status, reply = post(client, model="gpt-4o-mini")
    assert (
        status == 404 and reply["error"]["code"] == "model_not_found" and reply["error"]["param"] == "model"
    )
    assert "wenju-sources" in reply["error"]["message"]
    got = client.post("/v1/chat/completions", json={"model": "wenju", "messages": []})
    assert got.status_code == 400 and got.json()["error"]["param"] == "messages"


def test_a_long_conversation_is_taken_and_its_beginning_left_out(client: TestClient) -> None:
    many = [
        m
        for n in range(300)
        for m in ({"role": "user", "content": f"第{n}个问题"}, {"role": "assistant", "content": "答"})
    ]
    assert post(client, *many, QUESTION)[0] == 200
    history = client.app.state.engine.asked[-1][1]  # type: ignore[attr-defined]
    assert len(history) == 50 and history[-1].question == "第299个问题"


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_chat_program_asks_by_itself_is_no_question(tmp_path: Path, stream: bool) -> None:
    store = Store.open("", tmp_path)
    app = api_app(store=store)
    for _ in range(app.state.settings.queue_size + 1):
        app.state.admission.join("somebody")  # as many wait as may wait
    with TestClient(app) as client:
        body = {
            "model": "wenju",
            "messages": [{"role": "user", "content": TITLE}],
            "stream": stream,
            "stream_options": {"include_usage": True},
        }
        got = client.post("/v1/chat/completions", json=body)
        follow = TITLE.replace('{ "title": "your title" }', '{ "follow_ups": ["Question 1?"] }')
        assert (
            choice(post(client, {"role": "system", "content": "x"}, {"role": "user", "content": follow})[1])[
                0
            ]
            == '{"follow_ups": []}'
        )
        bare = TITLE.replace("{", "(").replace("}", ")")
        assert choice(post(client, {"role": "user", "content": bare})[1])[0] == ASKED
    if stream:
        chunks = [json.loads(line[6:]) for line in got.text.splitlines() if line.startswith("data: {")]
        text = "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"])
        assert got.text.endswith("data: [DONE]\n\n") and chunks[-1]["usage"]["total_tokens"] == 0
    else:
        text = choice(got.json())[0]
    assert json.loads(text) == {"title": ASKED}
    assert app.state.engine.asked == [] and counts(store.database)["wenju_asked"] == 0
    store.close()


def test_a_question_that_only_looks_like_a_task_is_a_question(client: TestClient) -> None:
    for content in ("### Task:\n" + ASKED, f"<chat_history>{ASKED}</chat_history>", "Task: " + TITLE):
        assert post(client, {"role": "user", "content": content})[0] == 200
    post(client, QUESTION, {"role": "assistant", "content": "答"}, {"role": "user", "content": TITLE})
    assert len(client.app.state.engine.asked) == 4  # type: ignore[attr-defined]


RANGES = "办理需要3~5个工作日，复杂的8~10个工作日，费用$20到$30，编号_A_和*B*，见[附件](http://evil.invalid/)与![图](http://evil.invalid/b.png)。"


def test_what_documents_write_does_nothing_in_a_clients_markdown() -> None:
    engine = fake_engine()
    script = engine.scripts["年休假怎么申请"]
    quote = script.lines[0].quotes[0]
    engine.scripts["年休假怎么申请"] = replace(
        script, lines=(Line(RANGES, (quote,)), Line("可以**另行**安排。", (quote,)))
    )
    client = TestClient(api_app(engine=engine))
    reply = post(client)[1]
    content = choice(reply)[0]
    html = MarkdownIt("gfm-like", {"linkify": False}).render(content)
    assert (
        not any(tag in html for tag in ("<s>", "<em>", "<a ", "<img"))
        and "3~5个" in html
        and "<strong>另行</strong>" in html
    )
    assert "\\$20" in content and reply["wenju"]["answer"].startswith(RANGES)
    place = reply["choices"][0]["message"]["annotations"][1]["url_citation"]
    assert content[place["start_index"] : place["end_index"]] == "可以**另行**安排。"
    with_sources = choice(post(client, model="wenju-sources")[1])[0]
    assert "3\\~5个" in with_sources and "[1] " in with_sources and "\\[1" not in with_sources
    answer = engine.answer(ASKED)
    assert "3\\~5" in to_markdown(
        "~标题~", [Exchange("e", ASKED, "x", "done", answer)]
    ) and "3~5" in clipboard(answer)


def test_escaping_keeps_text_and_drops_what_steers_a_display() -> None:
    assert markdown("a\u202e`b`<i>\\ **粗** 2*3*4") == "a\\`b\\`\\<i>\\\\ **粗** 2\\*3\\*4"
