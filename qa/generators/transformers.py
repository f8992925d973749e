"""The reference engine: transformers on CPU or CUDA, from safetensors or GGUF. Slow on a CPU, at home on a GPU."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from errors import Cancelled, GeneratorError
from qa.generators.base import Chunk, GenerationRequest, Message
from qa.generators.figures import Figures
from qa.generators.writing import Writing

_TRIES = 64
_HOLE = "\ue000{}\ue001"


def has_cuda() -> bool:
    """Whether there is a GPU that this engine can use; False also where torch is not installed."""
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())


class TransformersGenerator:
    """Writes with a causal language model; also a Judge. Loaded by the first call, or by ``warm()``.

    Args:
        path: a folder with safetensors, or a GGUF file (which is dequantised).
        device: auto takes CUDA where there is one.
        threads: CPU threads; 0: torch's default.
    """

    def __init__(self, path: Path, *, device: str = "auto", threads: int = 0) -> None:
        self._path = path
        self._device = device
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    @property
    def name(self) -> str:
        return f"{self._path.stem if self._path.is_file() else self._path.name} (transformers)"

    @property
    def loaded(self) -> bool:
        return self._loaded is not None

    def warm(self) -> None:
        """Load the model."""
        with self._turn(threading.Event()):
            pass

    def count_tokens(self, text: str) -> int:
        with self._turn(threading.Event()) as (_, tokenizer):
            return len(tokenizer(text, add_special_tokens=False).input_ids)

    def stream(self, request: GenerationRequest) -> Iterator[Chunk]:
        try:
            with self._turn(request.cancelled) as (model, tokenizer), _engine_errors():
                yield from self._write(model, tokenizer, request)
        except Cancelled:
            yield Chunk("", (), "cancelled")

    def choose(self, messages: tuple[Message, ...], options: tuple[str, ...]) -> tuple[float, ...]:
        import torch

        with self._turn(threading.Event()) as (model, tokenizer), _engine_errors(), torch.inference_mode():
            ids = torch.tensor([_encode_chat(tokenizer, messages)], device=model.device)
            row = model(ids, logits_to_keep=1).logits[0, -1].float()
            firsts = [tokenizer(o, add_special_tokens=False).input_ids[0] for o in options]
            return tuple(float(p) for p in torch.softmax(row[firsts], 0))

    def _write(self, model: Any, tokenizer: Any, request: GenerationRequest) -> Iterator[Chunk]:
        import torch

        prompt = _encode_chat(tokenizer, request.messages)
        writing = Writing(_Decoder(tokenizer), request.stop)
        figures = Figures(request.figures) if request.figures is not None else None
        eos = _eos(model, tokenizer)
        state, written, finish, past = "", 0, "", None
        step = torch.tensor([prompt], device=model.device)
        while not finish:
            if request.cancelled.is_set():
                finish = "cancelled"
                break
            with torch.inference_mode():
                out = model(step, past_key_values=past, use_cache=True, logits_to_keep=1)
            past = out.past_key_values
            row = torch.log_softmax(out.logits[0, -1].float(), 0)
            token, state = _pick(row, tokenizer, figures, state, eos)
            if token in eos:
                finish = "stop"
                break
            written += 1
            if chunk := writing.push(token, float(row[token])):
                yield chunk
            if writing.stopped or written >= request.max_new_tokens:
                finish = "stop" if writing.stopped else "length"
            step = torch.tensor([[token]], device=model.device)
        yield from writing.end(finish, len(prompt), written)

    @contextmanager
    def _turn(self, cancelled: threading.Event) -> Iterator[tuple[Any, Any]]:
        """This caller's turn at the model and its tokenizer; Cancelled when it gives up waiting."""
        while not self._lock.acquire(timeout=0.05):
            if cancelled.is_set():
                raise Cancelled("stopped while waiting in line")
        try:
            if self._loaded is None:
                with _engine_errors():
                    self._loaded = self._load()
            yield self._loaded
        finally:
            self._lock.release()

    def _load(self) -> tuple[Any, Any]:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        cuda = self._device != "cpu" and torch.cuda.is_available()
        if self._device == "cuda" and not cuda:
            raise GeneratorError("There is no CUDA device.", "Set generator.device = 'cpu' or 'auto'.")
        if self._threads:
            torch.set_num_threads(self._threads)
        folder, gguf = (self._path.parent, self._path.name) if self._path.is_file() else (self._path, None)
        options: dict[str, Any] = {"local_files_only": True} | ({"gguf_file": gguf} if gguf else {})
        tokenizer = AutoTokenizer.from_pretrained(str(folder), **options)
        if not tokenizer.chat_template:
            raise GeneratorError(f"{self._path} has no chat template.", "Use an instruction-tuned model.")
        model = AutoModelForCausalLM.from_pretrained(str(folder), dtype=torch.bfloat16 if cuda else torch.float32 if gguf else "auto", **options)
        placed: Any = model
        return placed.to("cuda" if cuda else "cpu").eval(), tokenizer


def _pick(row: Any, tokenizer: Any, figures: Figures | None, state: str, eos: frozenset[int]) -> tuple[int, str]:
    """The most likely token that keeps to the figures, and the figure that is then being written."""
    best = int(row.argmax())
    if figures is None:
        return best, ""
    for token in [best, *row.topk(min(_TRIES, row.numel())).indices.tolist()[1:]]:
        after = _after(token, tokenizer, figures, state, eos)
        if after is not None:
            return token, after
    for digit in sorted(figures.next_digits(state)):
        token = tokenizer(digit, add_special_tokens=False).input_ids[-1]
        return token, _after(token, tokenizer, figures, state, eos) or ""
    return min(eos), ""


def _after(token: int, tokenizer: Any, figures: Figures, state: str, eos: frozenset[int]) -> str | None:
    if token in eos:
        return "" if figures.may_end(state) else None
    return figures.advance(state, tokenizer.decode([token]))


def _encode_chat(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """The chat template around the messages; their own text is encoded with special tokens split into letters."""
    opened = messages[-1].role == "assistant"
    holes = [{"role": m.role, "content": _HOLE.format(i)} for i, m in enumerate(messages)]
    rest: str = tokenizer.apply_chat_template(holes, tokenize=False, add_generation_prompt=not opened)
    ids: list[int] = []
    for i, message in enumerate(messages):
        before, found, rest = rest.partition(_HOLE.format(i))
        if not found:
            raise GeneratorError(f"The chat template leaves out the {message.role} message.", "Use another model.")
        ids += tokenizer(before, add_special_tokens=False).input_ids if before else []
        ids += tokenizer(message.content, add_special_tokens=False, split_special_tokens=True).input_ids
    return ids if opened or not rest else ids + list(tokenizer(rest, add_special_tokens=False).input_ids)


def _eos(model: Any, tokenizer: Any) -> frozenset[int]:
    stated = getattr(model.generation_config, "eos_token_id", None)
    ids = stated if isinstance(stated, list) else [stated]
    return frozenset(i for i in [*ids, tokenizer.eos_token_id] if i is not None)


class _Decoder:
    """Decodes the whole text again at each token (cheap at these lengths) and gives what is new and complete."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._given = 0

    def push(self, token: int) -> str:
        self._ids.append(token)
        text: str = self._tokenizer.decode(self._ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return "" if text.endswith("\ufffd") else self._new(text)

    def end(self) -> str:
        return self._new(
            self._tokenizer.decode(self._ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        )

    def _new(self, text: str) -> str:
        new, self._given = text[self._given :], len(text)
        return new


@contextmanager
def _engine_errors() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, OSError, ValueError, ImportError) as error:
        text = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
        raise GeneratorError(
            f"The transformers engine failed: {text}",
            "Run: wenju models verify. On a CPU the engine 'openvino' is the default.",
        ) from error
