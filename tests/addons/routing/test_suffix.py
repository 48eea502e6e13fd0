"""What a client's name of a model says beside the name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addons.routing.suffix import Reading, read, target, wish_of
from translators.conversation import ThinkingMode, ThinkingWish
from translators.thinking import EFFORTS

OFF = ThinkingWish(ThinkingMode.OFF)
AUTO = ThinkingWish(ThinkingMode.AUTO)
HIGH = ThinkingWish(ThinkingMode.ON, effort="high")

WORDS = [
    ("none", OFF),
    ("0", OFF),
    ("000", OFF),
    ("auto", AUTO),
    ("-1", AUTO),
    ("minimal", ThinkingWish(ThinkingMode.ON, effort="minimal")),
    ("HIGH", HIGH),
    (" high ", HIGH),
    ("xhigh", ThinkingWish(ThinkingMode.ON, effort="xhigh")),
    ("max", ThinkingWish(ThinkingMode.ON, effort="max")),
    ("8192", ThinkingWish(ThinkingMode.ON, budget_tokens=8192)),
    ("08192", ThinkingWish(ThinkingMode.ON, budget_tokens=8192)),
]


@pytest.mark.parametrize(("text", "wish"), WORDS)
def test_a_word_or_a_number_asks_for_so_much_thinking(text: str, wish: ThinkingWish) -> None:
    assert wish_of(text) == wish
    assert read(f"gpt-5({text})") == Reading((f"gpt-5({text})", "gpt-5"), wish)


@pytest.mark.parametrize("text", ["", "ultra", "-2", "1.5", "1e3", "high,low", "9" * 19, "٣", "(high"])
def test_other_text_asks_for_nothing(text: str) -> None:
    assert wish_of(text) is None


@pytest.mark.parametrize("asked", ["gpt-5(ultra)", "gpt-5()", "gpt-5 (ultra)", "gpt-5(思考)"])
def test_unknown_text_in_parentheses_is_left_out(asked: str) -> None:
    assert read(asked) == Reading((asked, "gpt-5"))


@pytest.mark.parametrize("asked", ["gpt-5", "", "gpt-5(high", "gpt-5)", "(high)x", "a(b)c", "gpt-5(\r\n)", "m(\u2028)"])
def test_a_name_without_a_group_at_its_end_is_read_as_it_stands(asked: str) -> None:
    assert read(asked) == Reading((asked,))


def test_only_the_last_group_is_a_suffix() -> None:
    assert read("a(b)(high)") == Reading(("a(b)(high)", "a(b)"), HIGH)
    assert read("a(b(high)") == Reading(("a(b(high)", "a(b"), HIGH)
    assert read("(high)").bare == ""


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("opus[1m]", ("opus[1m]", "opus")),
        ("opus[1M]", ("opus[1M]", "opus")),
        ("opus[1m](high)", ("opus[1m](high)", "opus[1m]", "opus")),
        ("opus(high)[1m]", ("opus(high)[1m]", "opus(high)", "opus")),
        ("opus[1m][1m]", ("opus[1m][1m]", "opus[1m]")),
        ("opus[2m]", ("opus[2m]",)),
    ],
)
def test_the_mark_of_the_long_context_is_no_part_of_the_name(asked: str, names: tuple[str, ...]) -> None:
    assert read(asked).names == names


@given(st.text(alphabet=st.sampled_from(list("abc()[]1mM highnoe0-9 \u2028\n")), max_size=40) | st.text(max_size=400))
def test_reading_a_name_never_fails_and_only_takes_away_from_its_end(asked: str) -> None:
    reading = read(asked)
    assert reading.names[0] == asked
    assert len(reading.names) <= 3
    for longer, shorter in zip(reading.names, reading.names[1:], strict=False):
        assert longer.startswith(shorter)
        assert len(shorter) < len(longer)
    left = asked[len(reading.bare) :]
    assert left.isprintable()


@given(st.text(max_size=60))
def test_a_wish_is_one_that_encoders_understand(text: str) -> None:
    wish = wish_of(text)
    if wish is not None:
        assert wish.effort is None or wish.effort in EFFORTS
        assert wish.budget_tokens is None or wish.budget_tokens > 0
        assert (wish.mode is ThinkingMode.ON) == (wish.effort is not None or wish.budget_tokens is not None)


def test_the_name_of_a_target_keeps_what_is_no_amount_of_thinking() -> None:
    assert target("gpt-5(high)") == ("gpt-5", HIGH)
    assert target("gpt-5(beta)") == ("gpt-5(beta)", None)
    assert target("kimi[1m]") == ("kimi[1m]", None)
    assert target("(high)") == ("(high)", None)
    assert target("gpt-5") == ("gpt-5", None)
