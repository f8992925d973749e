"""HTML from template files: whatever is filled in is escaped, and what a template names and nobody gives
fails.

Templates stand in the folder ``templates`` of the package they belong to. Their line breaks and the
indentation after them are for whoever reads the template: the output is one line, but for what is filled in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup

_BREAK = re.compile(r"\n[ \t]*")


class Templates:
    """The templates of one package.

    Args:
        package: whose folder ``templates`` is read.
        escape: makes a text inert where HTML's own escaping is not enough (inside Markdown); gives HTML.
            ``|e`` in a template still asks for HTML's own, which is what an attribute needs.
        filters: functions that templates call by these names.
    """

    def __init__(
        self, package: str, escape: Callable[[str], str] | None = None, **filters: Callable[..., object]
    ) -> None:
        self._package = package
        self._escape = escape
        self._filters = filters

    def render(self, name: str, /, **values: object) -> str:
        """The template's output: HTML for a response or a file, not for another template, which would escape
        it.

        Raises:
            jinja2.TemplateError: no such template, or one of its names is not among the values.
        """
        return self._environment.get_template(name).render(values)

    def names(self) -> list[str]:
        """All templates of the package."""
        return self._environment.list_templates()

    @cached_property
    def _environment(self) -> Environment:
        made = Environment(
            loader=PackageLoader(self._package),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=[_OneLine],
            finalize=self._inert if self._escape is not None else None,
            auto_reload=False,
        )
        made.filters.update(self._filters)
        made.globals["raw"] = self._raw
        made.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
        return made

    def _raw(self, name: str) -> Markup:
        """A style sheet or script of ours among the templates, to be put in as it is: ``{{ raw("style.css")
        }}``."""
        loader = self._environment.loader
        assert loader is not None
        return Markup(loader.get_source(self._environment, name)[0])

    def _inert(self, value: object) -> object:
        """What an expression of a template becomes: HTML stays, all else is made inert."""
        if isinstance(value, StrictUndefined) or hasattr(value, "__html__"):
            return value
        return Markup(self._escape(str(value))) if self._escape is not None else value


class _OneLine(Extension):
    """Leaves out a template's line breaks with the indentation that follows; line numbers in errors stay
    right."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        for token in stream:
            yield (
                Token(token.lineno, token.type, _BREAK.sub("", token.value))
                if token.type == "data"
                else token
            )
