"""Small documents for the evidence tests: passages with true offsets."""

from __future__ import annotations

import hashlib

from index.sentences import split_sentences
from index.types import Document, Passage
from qa.attribution import EvidenceSentence


def document(title: str, *paragraphs: str, published: str | None = "2025-07-01") -> list[EvidenceSentence]:
    """A document with one passage a paragraph, as its evidence sentences."""
    text = "\n".join(paragraphs)
    key = hashlib.sha256(title.encode()).hexdigest()[:16]
    made = Document(key, title, f"{title}.md", text, hashlib.sha256(text.encode()).hexdigest(), published)
    sentences, at = [], 0
    for number, paragraph in enumerate(paragraphs, 1):
        passage = Passage(f"{key}-{number:04}", key, at, at + len(paragraph), paragraph, (title,))
        sentences += [
            EvidenceSentence(passage, made, at + a, at + b, paragraph[a:b])
            for a, b in split_sentences(paragraph)
        ]
        at += len(paragraph) + 1
    return sentences
