"""Free-form calls are wrapped for those who only know functions, and unwrapped again, however they are cut."""

import json
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.conversation import Grammar, Tool
from translators.freeform import Unwrapper, as_function, unwrapped, wrapped

TEXTS = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(['a "b" \\ \n\t', "日本 😀", "\u2028", ""])


def fed(pieces: list[str]) -> str:
    unwrapper = Unwrapper()
    return "".join([*(unwrapper.feed(piece) for piece in pieces), unwrapper.close()])


def cut(text: str, places: list[int]) -> list[str]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


@given(TEXTS)
def test_what_was_wrapped_comes_back(text: str) -> None:
    assert unwrapped(wrapped(text)) == text


@given(TEXTS, st.lists(st.integers(0, 200), max_size=6), st.booleans(), st.sampled_from([None, 1]))
def test_the_cuts_do_not_matter(text: str, places: list[int], ascii_only: bool, indent: int | None) -> None:
    arguments = json.dumps({"input": text}, ensure_ascii=ascii_only, indent=indent)
    assert fed(cut(arguments, places)) == text


@pytest.mark.parametrize(
    "arguments",
    ['{"code":"x"}', '{"inputs":"x"}', '{"input":7}', '{"input":null}', "print(1)", "{}", "", '"input"', "{"],
)
def test_another_shape_comes_out_as_it_is(arguments: str) -> None:
    assert unwrapped(arguments) == arguments
    assert fed(list(arguments)) == arguments


def test_the_text_is_told_as_it_arrives() -> None:
    unwrapper = Unwrapper()
    assert [unwrapper.feed(piece) for piece in ('{"inp', 'ut":"he', "llo\\", 'n"', "}")] == ["", "he", "llo", "\n", ""]


def test_half_a_surrogate_pair_is_a_replacement_letter() -> None:
    assert fed(['{"input":"a\\ud83d', 'b\\ude00"}']) == "a\ufffdb\ufffd"


def test_a_function_stands_for_the_tool() -> None:
    words, schema = as_function(Tool("exec", "Runs it.", freeform=Grammar("lark", "start: /.+/")))
    assert words.startswith("Runs it.\n\n")
    assert words.endswith("(lark):\nstart: /.+/")
    assert msgspec.json.decode(schema)["required"] == ["input"]
