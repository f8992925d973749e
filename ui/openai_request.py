"""What of OpenAI's chat request counts here: messages, limits, and what is refused by name because it cannot
be kept.

What cannot change an answer from documents (temperature, seed, stop, ...) is taken and not applied; what
would change the form that the client relies on (n, response_format, a tool call demanded, ...) is refused
with ``param``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from qa.types import Turn
from ui.problems import Unsupported

TURNS_MAX = 50
"""Earlier exchanges that are looked at; a longer conversation is not refused, its beginning is left out."""
TEXT_PARTS = ("text", "input_text")


class Part(BaseModel):
    """A piece of a message; only text is read."""

    model_config = ConfigDict(extra="allow")

    type: str = "text"
    text: str | None = None
    refusal: str | None = None


class ChatMessage(BaseModel):
    """A message of the conversation."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """The message's text; pieces that are not text are left out."""
        if isinstance(self.content, list):
            return "".join((p.text if p.type in TEXT_PARTS else p.refusal) or "" for p in self.content)
        return self.content or ""

    @property
    def foreign(self) -> str:
        """The kind of the first piece that is not text (``image_url``), "" when all of it is text."""
        parts = self.content if isinstance(self.content, list) else ()
        return next((p.type for p in parts if p.type not in (*TEXT_PARTS, "refusal")), "")


class StreamOptions(BaseModel):
    model_config = ConfigDict(extra="allow")

    include_usage: bool = False


class ChatRequest(BaseModel):
    """OpenAI's request. Sampling options are taken and ignored: answers are not sampled."""

    model_config = ConfigDict(extra="allow")

    model: str = "wenju"
    messages: list[ChatMessage] = Field(min_length=1, max_length=4000)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1, description="longest reply; see the API's description")
    max_completion_tokens: int | None = Field(None, ge=1, description="the same under its newer name")
    n: int | None = Field(None, ge=1, le=1)
    tool_choice: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    modalities: list[str] | None = None
    logprobs: bool | None = None

    @property
    def limit(self) -> int | None:
        """The tighter of the two limits."""
        return min((n for n in (self.max_tokens, self.max_completion_tokens) if n is not None), default=None)

    @property
    def with_usage(self) -> bool:
        """Whether a stream ends with a chunk of usage."""
        return self.stream_options is not None and self.stream_options.include_usage


def check_form(request: ChatRequest) -> None:
    """Refuse what would promise a form that the reply will not have.

    Raises:
        Unsupported: names the parameter.
    """
    if request.tool_choice not in (None, "auto", "none"):
        raise Unsupported.named("tools_not_called").of("tool_choice")
    form = (request.response_format or {}).get("type", "text")
    if form != "text":
        raise Unsupported.named("form_unsupported", form=str(form)[:40]).of("response_format")
    if any(kind != "text" for kind in request.modalities or ()):
        raise Unsupported.named("text_only").of("modalities")
    if request.logprobs:
        raise Unsupported.named("no_logprobs").of("logprobs")


def spoken(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """The messages without those that set up the model."""
    return [m for m in messages if m.role not in ("system", "developer")]


def question_of(messages: Sequence[ChatMessage]) -> tuple[str, tuple[Turn, ...]]:
    """The last user message is the question, earlier user and assistant messages are its history.

    System messages are not followed: what may stand in an answer is decided by the documents. The same goes
    for what tools returned.

    Raises:
        Unsupported: the last message is not a question of the user, or holds more than text.
    """
    told = spoken(messages)
    if not told or told[-1].role != "user":
        raise Unsupported.named("last_not_user").of("messages")
    if told[-1].foreign:
        raise Unsupported.named("foreign_parts", kind=told[-1].foreign[:40]).of("messages")
    if not told[-1].text.strip():
        raise Unsupported.named("last_empty").of("messages")
    history: list[Turn] = []
    asked = ""
    for message in told[:-1]:
        if message.role == "user":
            asked = message.text
        elif message.role == "assistant" and asked and message.text:
            history.append(Turn(asked, message.text))
            asked = ""
    return told[-1].text, tuple(history[-TURNS_MAX:])
