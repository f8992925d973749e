"""Text to token ids and back, for the engine that runs the model itself.

What people and documents wrote is encoded with special tokens switched off: whatever stands in it, it cannot
open or close a turn of the conversation.
"""

from __future__ import annotations

import codecs
import functools
import json
import re
import threading
from collections.abc import Sequence
from pathlib import Path

from engine.base import Message

_HOLE = re.compile("\ue000(\\d+)\ue001")


class Tokens:
    """The tokenizer and chat template that ``gguf.write_tokenizer`` left in ``folder``. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        chat = json.loads((folder / "chat.json").read_text("utf-8"))
        self.name: str = chat["name"]
        self.eos: frozenset[int] = frozenset(chat["eos"])
        self._template: str = chat["template"]
        self._frame = functools.cache(self._make_frame)
        self._lock = threading.Lock()
        """Whether marks are letters is a switch of the one tokenizer."""

    def encode(self, text: str) -> list[int]:
        """Token ids of plain text; marks such as ``<|im_end|>`` in it are letters like any others."""
        return self._encoded(text, letters=True)

    def ends(self, text: str) -> list[int]:
        """Where each token of plain text ends in it, in characters."""
        with self._lock:
            self._tokenizer.encode_special_tokens = True
            return [end for _, end in self._tokenizer.encode(text, add_special_tokens=False).offsets]

    def _encoded(self, text: str, letters: bool) -> list[int]:
        with self._lock:
            self._tokenizer.encode_special_tokens = letters
            return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def encode_chat(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of a conversation, up to where the assistant is to write.

        When the last message is the assistant's, its text is left open, to be continued.
        """
        ids: list[int] = []
        for piece in self._frame(tuple(m.role for m in messages)):
            ids += self.encode(messages[piece].content) if isinstance(piece, int) else piece
        return ids

    def decoder(self) -> Decoder:
        return Decoder(self)

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; empty for special tokens."""
        text = self._tokenizer.id_to_token(token)
        if text is None or token in self._special():
            return b""
        table = _byte_of()
        return bytes(table[c] for c in text if c in table)

    @functools.cache  # noqa: B019  (one tokenizer lives as long as the process)
    def _special(self) -> frozenset[int]:
        return frozenset(self._tokenizer.get_added_tokens_decoder())

    def _make_frame(self, roles: tuple[str, ...]) -> tuple[list[int] | int, ...]:
        """The template rendered around numbered holes: token ids and, for each hole, the message's number."""
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        opened = roles[-1] == "assistant"
        rendered = environment.from_string(self._template).render(
            messages=[{"role": role, "content": f"\ue000{i}\ue001"} for i, role in enumerate(roles)],
            add_generation_prompt=not opened,
        )
        parts = _HOLE.split(rendered)
        if opened:
            parts[-1] = ""
        return tuple(
            int(part) if i % 2 else self._encoded(part, letters=False) for i, part in enumerate(parts)
        )


class Decoder:
    """Turns tokens into text as they come; holds back the bytes of a character that is not complete."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token: int) -> str:
        return self._utf8.decode(self._tokens.piece(token))

    def end(self) -> str:
        return self._utf8.decode(b"", final=True)


@functools.cache
def _byte_of() -> dict[str, int]:
    """Byte-level BPE writes each byte as a visible character (GPT-2's table): character -> byte."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in visible]
    return {chr(b): b for b in visible} | {chr(256 + i): b for i, b in enumerate(hidden)}
