"""Hits made of texts, without an index."""

import hashlib

from index.types import Document, Hit, Passage


def hit(text, number=1, score=0.8, title="通知", heading=(), published=None):
    """A hit of a document that consists of one passage."""
    document = Document(
        f"d{number}", title, f"{number}.md", text, hashlib.sha256(text.encode()).hexdigest(), published
    )
    why = {"dense": 0.7, "coverage": 0.8, "dense_rank": float(number), "bm25_rank": float(number)}
    return Hit(Passage(f"d{number}-0001", f"d{number}", 0, len(text), text, heading), document, score, why)
