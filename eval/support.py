"""Who decides whether cited text entails a sentence. The report says which judge spoke for how many answers.

gold  the citation overlaps the evidence that people marked (where it is known)
own   the product's own support check, on the cited quotes alone: cheap, but it made the citations and so
      judges itself; its figures carry that in their names (``citation_precision_own``)
llm   a language model behind an OpenAI-compatible endpoint, asked yes or no
auto  gold where evidence is known, else own
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import prompts
from engine.base import GenerationRequest, Message
from engine.openai import OpenAIGenerator
from errors import EvalError, did_you_mean
from eval.evidence import names_of, pieces_hit
from eval.tasks.types import Item
from index.types import Document, Passage
from qa.attribution import EvidenceSentence, attribute

JUDGES = ("auto", "gold", "own", "llm")
Citation = Mapping[str, Any]


class SupportJudge(Protocol):
    """Do these citations, together, entail the sentence? ``suffix`` goes on the names of its figures."""

    name: str
    suffix: str

    def entails(
        self, cited: Sequence[Citation], sentence: str, item: Item, record: Mapping[str, Any]
    ) -> bool: ...

    def applies(self, item: Item) -> bool: ...


class GoldOverlap:
    """Cited text entails a sentence when it overlaps gold evidence; silent where none is known."""

    name, suffix = "gold", ""

    def applies(self, item: Item) -> bool:
        return bool(item.evidence)

    def entails(
        self, cited: Sequence[Citation], sentence: str, item: Item, record: Mapping[str, Any]
    ) -> bool:
        return any(pieces_hit(citation, names_of(citation, record), item.evidence) for citation in cited)


class OwnCheck:
    """The product's own check of support, run again on just these quotes: cheap, but it judges itself."""

    name, suffix = "own", "_own"

    def applies(self, item: Item) -> bool:
        return True

    def entails(
        self, cited: Sequence[Citation], sentence: str, item: Item, record: Mapping[str, Any]
    ) -> bool:
        found = attribute(sentence, [_as_evidence(c) for c in cited], question=str(record["answer"]["query"]))
        return found.state == "supported"


def _as_evidence(citation: Citation) -> EvidenceSentence:
    """A recorded citation as the check wants it: its quote is all the text there is."""
    quote, key = str(citation["quote"]), str(citation["document_id"])
    title = str(citation["document"])
    document = Document(key, title, title, quote, str(citation["document_sha256"]), citation.get("published"))
    passage = Passage(
        str(citation["passage_id"]), key, 0, len(quote), quote, tuple(citation.get("heading", ()))
    )
    return EvidenceSentence(passage, document, 0, len(quote), quote)


@dataclass
class LanguageModel:
    """Asks a model yes or no; the same question is asked once. ``ask`` takes a prompt and returns the
    reply."""

    ask: Callable[[str], str]
    name: str = "llm"
    suffix: str = ""
    _known: dict[str, bool] = field(default_factory=dict)

    def applies(self, item: Item) -> bool:
        return True

    def entails(
        self, cited: Sequence[Citation], sentence: str, item: Item, record: Mapping[str, Any]
    ) -> bool:
        evidence = "\n".join(str(citation["quote"]) for citation in cited)
        prompt = prompts.render("entailment", evidence=evidence, sentence=sentence)
        if prompt not in self._known:
            self._known[prompt] = read_yes_no(self.ask(prompt))
        return self._known[prompt]


def read_yes_no(reply: str) -> bool:
    """The first clear word of a reply. Raises EvalError when there is none."""
    text = reply.strip().lower().lstrip("*\"'“「【 ")
    for word, meaning in (
        ("不是", False),
        ("不支持", False),
        ("否", False),
        ("no", False),
        ("是", True),
        ("支持", True),
        ("yes", True),
    ):
        if text.startswith(word):
            return meaning
    raise EvalError(
        f"the judge answered neither yes nor no: {reply[:60]!r}", "Use another model for the judge."
    )


def open_judge(name: str) -> list[SupportJudge]:
    """Judges in the order in which they are tried.

    Raises:
        EvalError: an unknown name, or ``llm`` without WENJU_JUDGE_URL and WENJU_JUDGE_MODEL.
    """
    if name == "auto":
        return [GoldOverlap(), OwnCheck()]
    if name == "gold":
        return [GoldOverlap()]
    if name == "own":
        return [OwnCheck()]
    if name == "llm":
        return [LanguageModel(_endpoint())]
    raise EvalError(f"unknown judge {name!r}", did_you_mean(name, JUDGES))


def _endpoint() -> Callable[[str], str]:
    url, model, key = (os.environ.get(f"WENJU_JUDGE_{name}", "") for name in ("URL", "MODEL", "KEY"))
    if not url or not model:
        raise EvalError(
            "the judge 'llm' needs an OpenAI-compatible endpoint",
            (
                "Set WENJU_JUDGE_URL (such as http://127.0.0.1:8000/v1), "
                "WENJU_JUDGE_MODEL and, if needed, WENJU_JUDGE_KEY."
            ),
        )
    generator = OpenAIGenerator(url, model, api_key=key)

    def ask(prompt: str) -> str:
        request = GenerationRequest((Message("user", prompt),), max_new_tokens=8)
        return "".join(chunk.text for chunk in generator.stream(request))

    return ask
