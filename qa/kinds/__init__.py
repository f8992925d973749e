"""Kinds of answer: each module says which evidence its kind needs and how the answer is put together from
it."""
