"""Patterns of excluded-models."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addons.routing.wildcard import Excluded

FEW = st.text(alphabet="ab-.", max_size=8)


@pytest.mark.parametrize(
    ("pattern", "names", "others"),
    [
        ("gpt-5", ["gpt-5", "GPT-5"], ["gpt-5.1", "my-gpt-5"]),
        ("gpt-*", ["gpt-", "gpt-5", "gpt-4o"], ["chatgpt-4o", "gpt"]),
        ("*-preview", ["gemini-3-preview"], ["gemini-preview-3"]),
        ("*flash*", ["gemini-2.5-flash-lite", "flash"], ["gemini-2.5-pro"]),
        ("Claude-*-2024*", ["claude-3-5-haiku-20241022"], ["claude-haiku-4-5-20251001"]),
        ("*", ["", "anything"], []),
        (" gpt-5 ", ["gpt-5"], ["gpt-5 "]),
        ("a*a", ["aa", "aba"], ["a"]),
        ("*ab*ba*", ["abba", "xab-bay"], ["aba", "baab"]),
        ("a?c[d]", ["a?c[d]"], ["abcd"]),
    ],
)
def test_only_the_star_is_special(pattern: str, names: list[str], others: list[str]) -> None:
    excluded = Excluded([pattern])
    assert all(name in excluded for name in names)
    assert not any(name in excluded for name in others)


@pytest.mark.parametrize("patterns", [[], [""], ["  "]])
def test_without_a_pattern_nothing_is_left_out(patterns: list[str]) -> None:
    assert not Excluded(patterns)
    assert "anything" not in Excluded(patterns)


@given(st.lists(FEW | st.text(alphabet="ab*", max_size=8), max_size=4), FEW)
def test_a_name_is_left_out_where_one_pattern_fits_it(patterns: list[str], name: str) -> None:
    assert (name in Excluded(patterns)) == any(fnmatchcase(name, pattern) for pattern in patterns if pattern)


@given(st.text(max_size=40), st.lists(st.text(max_size=20), max_size=4))
def test_any_text_is_compared(name: str, patterns: list[str]) -> None:
    assert (name in Excluded([*patterns, "*"])) is True


def test_many_stars_take_no_longer_than_few() -> None:
    assert "a" * 100_000 not in Excluded(["a*" * 200 + "b"])
