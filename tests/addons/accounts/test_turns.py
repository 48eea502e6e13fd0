"""Whose turn it is, by weight and round."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addons.accounts.rotation import MAX_MODELS, Rotation
from addons.accounts.smooth import Smooth
from addons.accounts.turns import CLASSES, MAX_RINGS, Sharing, Turns, lowest, sharing

RING = ("m", 0)


def plain(weights: Sequence[int], turns: int) -> list[int]:
    """nginx's algorithm as its source says it."""
    has = [0] * len(weights)
    chosen: list[int] = []
    for _ in range(turns):
        has = [value + weight for value, weight in zip(has, weights, strict=True)]
        best = has.index(max(has))
        has[best] -= sum(weights)
        chosen.append(best)
    return chosen


def made(weights: Sequence[int], first: int = 0) -> Sharing:
    return sharing([(f"c{place}", weight) for place, weight in enumerate(weights)], first)


def taken(turns: Turns, shares: Sharing, free: int, times: int) -> list[int]:
    return [turns.next(RING, shares, free, moving=True) for _ in range(times)]


def everybody(size: int) -> int:
    return (1 << size) - 1


WEIGHTS = st.lists(st.integers(1, 40), min_size=1, max_size=CLASSES)
MANY = st.lists(st.integers(1, 12), min_size=CLASSES + 1, max_size=3 * CLASSES)


def many_different(size: int) -> list[int]:
    """So many that each weight can't be a class."""
    return [3 * place % 101 + 1 for place in range(size)]


def test_the_example_of_nginx() -> None:
    assert "".join("abc"[place] for place in taken(Turns(), made([5, 1, 1]), 0b111, 7)) == "aabacaa"


@given(WEIGHTS)
def test_a_small_tier_is_shared_out_as_nginx_does(weights: list[int]) -> None:
    assert taken(Turns(), made(weights), everybody(len(weights)), 100) == plain(weights, 100)


@given(st.one_of(WEIGHTS, MANY, st.integers(CLASSES + 1, 100).map(many_different)), st.data())
def test_as_many_turns_as_the_sum_of_the_weights_give_each_its_weight(weights: list[int], data: st.DataObject) -> None:
    """Exactly, wherever one begins to count; so do those of the plain algorithm."""
    turns, shares, free = Turns(), made(weights), everybody(len(weights))
    taken(turns, shares, free, data.draw(st.integers(0, 200)))
    found = Counter(taken(turns, shares, free, sum(weights)))
    assert [found[place] for place in range(len(weights))] == weights
    assert found == Counter(plain(weights, sum(weights)))


@given(st.one_of(MANY, st.integers(CLASSES + 1, 100).map(many_different)), st.integers(1, 2000))
def test_many_are_shared_out_evenly_over_any_time(weights: list[int], times: int) -> None:
    """Nobody is ever further from its share than there are classes that it is in."""
    found = Counter(taken(Turns(), made(weights), everybody(len(weights)), times))
    for place, weight in enumerate(weights):
        assert abs(found[place] - times * weight / sum(weights)) <= 2 * weight.bit_length()


@given(st.one_of(WEIGHTS, MANY, st.integers(CLASSES + 1, 100).map(many_different)), st.data())
def test_who_is_away_does_not_distort_the_shares_of_the_others(weights: list[int], data: st.DataObject) -> None:
    """Whoever was away before: those that are left have their shares at once, but for one turn and where it stands."""
    turns, shares = Turns(), made(weights)
    size = len(weights)
    masks = st.integers(1, everybody(size))
    for _ in range(data.draw(st.integers(0, 6))):
        taken(turns, shares, data.draw(masks), data.draw(st.integers(1, 50)))
    free = data.draw(masks)
    left = [weight if free >> place & 1 else 0 for place, weight in enumerate(weights)]
    found = Counter(taken(turns, shares, free, sum(left)))
    for place, weight in enumerate(left):
        slack = 2 if size <= CLASSES else 2 * weight.bit_length()
        assert abs(found[place] - weight) <= min(slack, weight * 2), (place, weight, found[place])
        assert weight or not found[place]


@pytest.mark.parametrize("times", [1, 400, 600, 900, 1003])  # 600: one of the small ones owes 400, the other has 600.
def test_a_debt_from_the_time_with_a_big_one_is_not_paid_for_long(times: int) -> None:
    turns, shares = Turns(), made([1000, 1, 1])
    taken(turns, shares, 0b111, times)
    assert sorted(Counter(taken(turns, shares, 0b110, 10)).values()) == [5, 5]


def test_who_weighs_nothing_has_no_turn() -> None:
    shares = made([0, 2, -1, 1])
    assert set(taken(Turns(), shares, 0b1010, 9)) == {1, 3}


def test_a_look_does_not_move_the_turn() -> None:
    for weights in ([5, 1, 1], [1, 1, 1], many_different(50)):
        turns, shares, free = Turns(), made(weights), everybody(len(weights))
        taken(turns, shares, free, 3)
        looks = {turns.next(RING, shares, free, moving=False) for _ in range(5)}
        assert looks == set(taken(turns, shares, free, 1))
        assert len(looks) == 1


def test_other_weights_begin_anew_and_the_same_go_on() -> None:
    turns = Turns()
    assert taken(turns, made([5, 1, 1]), 0b111, 3) == [0, 0, 1]
    assert taken(turns, made([5, 1, 1]), 0b111, 2) == [0, 2]
    assert taken(turns, made([5, 1, 2]), 0b111, 2) == plain([5, 1, 2], 2)


def test_the_biggest_weights_keep_their_proportion() -> None:
    found = Counter(taken(Turns(), made([1_000_000, 500_000]), 0b11, 3000))
    assert (found[0], found[1]) == (2000, 1000)


def test_the_places_of_a_tier_need_not_begin_at_0() -> None:
    assert taken(Turns(), made([1, 1], first=7), 0b11 << 7, 3) == [7, 8, 7]


def test_rings_that_clients_make_up_are_forgotten() -> None:
    turns, shares = Turns(), made([2, 1])
    for number in range(MAX_RINGS + 10):
        turns.next((f"m{number}", 0), shares, 0b11, moving=True)
    assert len(turns.rings) == MAX_RINGS


def test_nobody_to_choose_from_is_an_error() -> None:
    with pytest.raises(ValueError, match="nobody"):
        Smooth(2).choose([0, -1])


@given(st.integers(1, 1 << 200))
def test_the_lowest_bit(mask: int) -> None:
    assert mask >> lowest(mask) & 1
    assert not mask & (1 << lowest(mask)) - 1


# Pools, or models of one pool.

NAMES = ["a", "b", "c"]


def test_round_robin_begins_one_further_for_each_model_by_itself() -> None:
    rotation = Rotation("round-robin")
    orders = ["".join(NAMES[place] for place in rotation.order("m", NAMES, [1, 1, 1])) for _ in range(4)]
    assert orders == ["abc", "bca", "cab", "abc"]
    assert list(rotation.order("other", NAMES, [1, 1, 1])) == [0, 1, 2]


def test_by_weight_the_first_ones_have_their_shares_and_who_weighs_nothing_is_left_out() -> None:
    rotation = Rotation("weighted-round-robin")
    orders = [list(rotation.order("m", NAMES, [5, 0, 2])) for _ in range(7)]
    assert Counter(order[0] for order in orders) == {0: 5, 2: 2}
    assert all(sorted(order) == [0, 2] for order in orders)
    assert list(rotation.order("m", NAMES, [0, 0, 0])) == []
    assert list(rotation.order("m", NAMES, [0, 3, 0])) == [1]


def test_by_weight_the_others_follow_in_the_order_of_their_turns() -> None:
    rotation = Rotation("weighted-round-robin")
    assert [list(rotation.order("m", NAMES, [3, 2, 1])) for _ in range(2)] == [[0, 1, 2], [1, 2, 0]]


def test_fill_first_keeps_the_order() -> None:
    rotation = Rotation("fill-first")
    assert [list(rotation.order("m", NAMES, [1, 9, 1])) for _ in range(2)] == [[0, 1, 2], [0, 1, 2]]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_the_first_of_the_orders_are_shared_out_by_weight_exactly(weights: list[int]) -> None:
    rotation = Rotation("weighted-round-robin")
    names = [str(place) for place in range(len(weights))]
    found = Counter(rotation.order("m", names, weights)[0] for _ in range(sum(weights)))
    assert [found[place] for place in range(len(weights))] == weights


@given(st.integers(1, 8), st.integers(0, 50))
def test_the_first_of_the_orders_go_round(size: int, times: int) -> None:
    rotation = Rotation("round-robin")
    names = [str(place) for place in range(size)]
    found = Counter(rotation.order("m", names, [1] * size)[0] for _ in range(times))
    assert max(found[place] for place in range(size)) - min(found[place] for place in range(size)) <= 1


@pytest.mark.parametrize("strategy", ["round-robin", "weighted-round-robin"])
def test_models_that_clients_make_up_are_forgotten_those_in_use_last(strategy: str) -> None:
    rotation = Rotation(strategy)  # type: ignore[arg-type]
    rotation.order("mine", NAMES, [1, 1, 1])
    for number in range(2 * MAX_MODELS):
        rotation.order(f"m{number}", NAMES, [1, 1, 1])
        if number % 1000 == 0:
            rotation.order("mine", NAMES, [1, 1, 1])
    assert max(len(rotation._cursors), len(rotation._shares)) == MAX_MODELS
    assert rotation.order("mine", NAMES, [1, 1, 1])[0] == (2 + 2 * MAX_MODELS // 1000) % 3
