"""Effort and budget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.conversation import ThinkingMode, ThinkingWish
from translators.thinking import (
    BUDGETS,
    EFFORTS,
    ThinkingRange,
    budget_of,
    effort_of,
    nearest_effort,
    settled,
)


@pytest.mark.parametrize("effort", [effort for effort in EFFORTS if effort != "max"])
def test_an_effort_comes_back_from_its_budget(effort: str) -> None:
    assert effort_of(budget_of(effort)) == effort


def test_no_budget_is_called_max() -> None:
    assert effort_of(BUDGETS["max"]) == "xhigh"


def test_an_unknown_effort_counts_as_medium() -> None:
    assert budget_of("heroic") == BUDGETS["medium"]


@given(st.integers(-1, 10**6), st.integers(-1, 10**6))
def test_a_larger_budget_is_never_a_lower_effort(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert EFFORTS.index(effort_of(low)) <= EFFORTS.index(effort_of(high))


@pytest.mark.parametrize(
    ("effort", "allowed", "nearest"),
    [
        ("low", ("low", "medium", "high"), "low"),
        ("minimal", ("low", "medium", "high"), "low"),
        ("max", ("low", "medium", "high"), "high"),
        ("medium", ("low", "high"), "low"),
        ("none", ("minimal", "low"), "minimal"),
        ("heroic", ("low", "medium", "high"), "medium"),
    ],
)
def test_an_effort_that_is_not_allowed_becomes_its_neighbour(
    effort: str, allowed: tuple[str, ...], nearest: str
) -> None:
    assert nearest_effort(effort, allowed) == nearest


@given(st.sampled_from(EFFORTS), st.lists(st.sampled_from(EFFORTS), min_size=1, unique=True))
def test_the_nearest_effort_is_always_an_allowed_one(effort: str, allowed: list[str]) -> None:
    in_order = tuple(sorted(allowed, key=EFFORTS.index))
    assert nearest_effort(effort, in_order) in in_order


BUDGETED = ThinkingRange(min_tokens=128, max_tokens=32768, dynamic_allowed=True)
SWITCHED = ThinkingRange(min_tokens=1024, max_tokens=24576, zero_allowed=True)
LEVELLED = ThinkingRange(levels=("low", "high"))
OFF = ThinkingWish(ThinkingMode.OFF)
AUTO = ThinkingWish(ThinkingMode.AUTO)


def effort(word: str) -> ThinkingWish:
    return ThinkingWish(ThinkingMode.ON, effort=word)


def budget(tokens: int) -> ThinkingWish:
    return ThinkingWish(ThinkingMode.ON, budget_tokens=tokens)


@pytest.mark.parametrize(
    ("wish", "limits", "fit"),
    [
        (OFF, SWITCHED, OFF),
        (OFF, BUDGETED, budget(128)),
        (OFF, LEVELLED, effort("low")),
        (OFF, ThinkingRange(levels=("none", "low")), OFF),
        (effort("none"), SWITCHED, OFF),
        (budget(0), SWITCHED, OFF),
        (effort("high"), BUDGETED, budget(24576)),
        (effort("max"), BUDGETED, budget(32768)),
        (effort("minimal"), SWITCHED, budget(1024)),
        (effort("xhigh"), LEVELLED, effort("high")),
        (effort("medium"), LEVELLED, effort("low")),
        (budget(100_000), BUDGETED, budget(32768)),
        (budget(9000), LEVELLED, effort("high")),
        (AUTO, BUDGETED, AUTO),
        (AUTO, SWITCHED, ThinkingWish(ThinkingMode.AUTO, budget_tokens=12800)),
        (AUTO, LEVELLED, ThinkingWish(ThinkingMode.AUTO, effort="low")),
    ],
)
def test_a_wish_is_fitted_to_what_the_model_can_do(
    wish: ThinkingWish, limits: ThinkingRange, fit: ThinkingWish
) -> None:
    assert settled(wish, limits) == fit


@pytest.mark.parametrize("wish", [OFF, AUTO, effort("high"), budget(5000)])
def test_a_model_that_does_not_think_is_told_nothing_and_an_unknown_one_all(wish: ThinkingWish) -> None:
    assert settled(wish, ThinkingRange()) is None
    assert settled(wish, None) == wish


@given(
    st.builds(
        ThinkingWish,
        st.sampled_from(ThinkingMode),
        st.sampled_from((None, *EFFORTS)),
        st.one_of(st.none(), st.integers(0, 10**6)),
    ),
    st.sampled_from((BUDGETED, SWITCHED, LEVELLED)),
)
def test_a_fitted_wish_stays_as_it_is(wish: ThinkingWish, limits: ThinkingRange) -> None:
    fit = settled(wish, limits)
    assert fit is not None
    assert settled(fit, limits) == fit
