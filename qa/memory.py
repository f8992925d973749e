"""An answer from the model's own memory: only where the administrator has turned that on, and always
labelled."""

from __future__ import annotations

import threading
from dataclasses import replace

import prompts
from engine.base import GenerationRequest, Generator, Message
from errors import Cancelled
from qa.markers import StreamSplitter
from qa.settings import AnswerSettings
from qa.types import Answer, Note, Sentence


def from_memory(
    declined: Answer,
    question: str,
    generator: Generator,
    settings: AnswerSettings,
    cancelled: threading.Event,
) -> Answer:
    """A declined answer, with what the model believes instead: every sentence unsupported, and a note that
    says so.

    Raises:
        Cancelled: stopped. GeneratorError: the generator failed.
    """
    parts = prompts.chat("memory", question=prompts.escape_evidence(question))
    messages = tuple(Message(role, content) for role, content in parts)
    splitter, texts = StreamSplitter(), list[str]()
    for chunk in generator.stream(GenerationRequest(messages, settings.max_new_tokens, cancelled=cancelled)):
        texts += splitter.feed(chunk.text)
        if cancelled.is_set():
            raise Cancelled.named("stopped")
    texts += splitter.flush()
    if not texts:
        return declined
    note = Note("memory", prompts.text("qa.note_memory"))
    sentences = tuple(Sentence(text, "unsupported") for text in texts)
    return replace(declined, refusal=None, sentences=sentences, notes=(note, *declined.notes))
