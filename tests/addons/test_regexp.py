"""Regular expressions of the config: Go's, in time that is linear in the text."""

import re
import time

import pytest

from addons import regexp


@pytest.mark.parametrize(
    ("pattern", "before", "after"),
    [
        (r"\[internal-only\].*", "a [internal-only] b\nc", "a \nc"),
        (r"(?m)^# .*\n?", "# one\ntwo\n# three", "two\n"),
        (r"b\z", "ab\nb", "ab\n"),
        ("b$", "ab\n", "ab\n"),  # Python's `$` also stands before a newline at the end.
        (r"(?U)<.+>", "<a>b<c>", "b"),
        (r"(?s)<.+?>", "<a\n>b", "b"),
        (r"\pL+", "été 1", " 1"),
        (r"[[:digit:]]+", "a1b", "ab"),
        (r"\d", "1\u0661", "\u0661"),  # Only ASCII's, as in Go.
        (r"\Qa.b\E", "a.b axb", " axb"),
        (r"(?P<word>a)b(?i)C", "abc", ""),
        ("ü*", "aüü日ü", "a日"),
    ],
)
def test_a_pattern_is_read_as_go_reads_it(pattern: str, before: str, after: str) -> None:
    assert regexp.compiled(pattern).sub("", before) == after


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"a(?=b)", "invalid perl operator: (?="),
        (r"(a)\1", r"invalid escape sequence: \1"),
        ("a++", "bad repetition operator: ++"),
        ("a{1001}", "invalid repetition size: {1001}"),
        ("(", "missing )"),
        ("\ud800", "half a character"),
    ],
)
def test_what_go_can_not_read_is_refused_with_the_construct(pattern: str, said: str) -> None:
    with pytest.raises(ValueError, match=rf"is no regular expression of RE2 \(Go's\): .*{re.escape(said)}"):
        regexp.compiled(pattern)


def test_a_complaint_shows_nothing_long_of_the_pattern() -> None:
    with pytest.raises(ValueError, match=r"missing \]") as caught:
        regexp.compiled("[sktest0123456789abcdef")
    assert "sktest" not in str(caught.value)


@pytest.mark.parametrize("pattern", [r"(\w+\s*)+$", "(a+)+!", "(a|a)*!", "(.*)*!"])
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    """Python's own takes longer than anybody waits for the first 40 letters."""
    started_s = time.process_time()
    regexp.compiled(pattern).sub("", "a" * 100_000 + "-")
    assert time.process_time() - started_s < 5
