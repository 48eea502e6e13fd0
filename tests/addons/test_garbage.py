"""When a full look for garbage comes."""

import gc
from collections.abc import Iterator

import pytest

from addons.garbage import FEW_KB, MANY_KB, PLAIN_KB, THRESHOLDS, TLS_KB, Garbage

BEFORE = gc.get_threshold()


def looks() -> int:
    """How many there were so far."""
    full: int = gc.get_stats()[2]["collections"]
    return full


@pytest.fixture
def garbage() -> Iterator[Garbage]:
    made = Garbage()
    made.settle()
    yield made
    made.unsettle()
    assert gc.get_threshold() == BEFORE
    assert gc.get_freeze_count() == 0


def test_what_start_up_has_made_is_left_out_and_the_small_looks_are_smaller(garbage: Garbage) -> None:
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == THRESHOLDS
    before = looks()
    garbage.idle()
    assert looks() == before  # There was nothing to look for.


@pytest.mark.parametrize(("tls", "each_kb"), [(True, TLS_KB), (False, PLAIN_KB)])
def test_closed_connections_are_looked_for_at_once_when_they_are_many(
    garbage: Garbage, tls: bool, each_kb: int
) -> None:
    before = looks()
    many = -(-MANY_KB // each_kb)
    for _ in range(many - 1):
        garbage.closed(tls=tls, still_open=0)
    assert looks() == before
    garbage.closed(tls=tls, still_open=0)
    assert looks() == before + 1
    garbage.closed(tls=tls, still_open=0)
    assert looks() == before + 1


def test_many_is_more_where_many_are_open(garbage: Garbage) -> None:
    before = looks()
    still_open = 3 * MANY_KB // PLAIN_KB
    for _ in range(still_open - 1):
        garbage.closed(tls=False, still_open=still_open)
    assert looks() == before
    garbage.closed(tls=False, still_open=still_open)
    assert looks() == before + 1


def test_a_few_are_looked_for_while_nobody_waits(garbage: Garbage) -> None:
    before = looks()
    few = -(-FEW_KB // PLAIN_KB)
    for _ in range(few - 1):
        garbage.closed(tls=False, still_open=0)
    garbage.idle()
    assert looks() == before
    garbage.closed(tls=False, still_open=0)
    garbage.idle()
    assert looks() == before + 1


def test_before_start_up_is_over_nothing_is_looked_for() -> None:
    before = looks()
    unsettled = Garbage()
    for _ in range(MANY_KB // PLAIN_KB + 1):
        unsettled.closed(tls=False, still_open=0)
    unsettled.idle()
    assert looks() == before
