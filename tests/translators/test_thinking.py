"""Effort and budget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.thinking import BUDGETS, EFFORTS, budget_of, effort_of, nearest_effort


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
