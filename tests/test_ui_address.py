"""Origins that may embed the page: scheme, host, port, sub-domains. The header, CORS and the tokens ask the
same list."""

from __future__ import annotations

import re

import pytest

from ui.address import origin_allowed, origin_pattern

LISTED = ("https://portal.example.org", "https://*.dept.example.org", "http://10.0.0.5:8080")


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://portal.example.org", True),
        ("https://portal.example.org:443", True),
        ("https://PORTAL.example.org", True),
        ("http://10.0.0.5:8080", True),
        ("https://a.dept.example.org", True),
        ("https://a.b.dept.example.org", True),
        ("http://portal.example.org", False),
        ("https://portal.example.org:8443", False),
        ("http://10.0.0.5", False),
        ("https://10.0.0.5:8080", False),
        ("https://dept.example.org", False),
        ("https://xdept.example.org", False),
        ("http://a.dept.example.org", False),
        ("https://a.dept.example.org:8443", False),
        ("https://portal.example.org.evil.example", False),
        ("https://evil.example/https://portal.example.org", False),
        ("https://*.dept.example.org", False),
        ("null", False),
        ("", False),
    ],
)
def test_scheme_host_and_port_count_and_wildcards_are_for_sub_domains(origin: str, allowed: bool) -> None:
    assert origin_allowed(origin, LISTED) is allowed
    assert (re.fullmatch(origin_pattern(LISTED), origin.lower()) is not None) is allowed


def test_an_empty_list_allows_nobody() -> None:
    assert not origin_allowed("https://portal.example.org", ())
    assert re.fullmatch(origin_pattern(()), "https://portal.example.org") is None
    assert re.fullmatch(origin_pattern(()), "") is None
