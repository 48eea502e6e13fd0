"""Credentials as bit masks, beside sets that say the same."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from addons.accounts.cooldown import Rest
from addons.accounts.credential import Credential
from addons.accounts.outcome import OutcomeKind
from addons.accounts.seats import WHOLE, Seats
from addons.accounts.state import MemoryState

SIZE = 150
KINDS = [OutcomeKind.TRANSIENT, OutcomeKind.RATE_LIMITED]
IDS = [f"c{number}" for number in range(SIZE)]


def seats_of(ids: Sequence[str], state: MemoryState | None = None, *, weighted: bool = False) -> Seats:
    members = [
        Credential(one, "p", "pool", SecretStr("test-key-1"), "http://x", priority=-(place // 50), weight=place % 3)
        for place, one in enumerate(ids)
    ]
    seats = Seats(members, 0, weighted=weighted)
    if state is not None:
        state.watch(seats)
    return seats


def ids_of(seats: Seats, mask: int) -> set[str]:
    assert mask >= 0
    found = [one for place, one in enumerate(seats.credentials) if mask >> place & 1]
    assert list(seats.members(mask)) == found
    return {one.id for one in found}


SEATS = seats_of(IDS)


@given(st.sets(st.sampled_from([*IDS, "x", "y"])), st.booleans())
def test_a_mask_holds_those_that_are_in_the_pool(ids: set[str], inverted: bool) -> None:
    if inverted:
        ids = {*IDS, "z"} - ids
    assert ids_of(SEATS, SEATS.mask(ids)) == ids & set(IDS)


def test_tiers_are_neighbours_the_highest_first() -> None:
    seats = seats_of(list(reversed(IDS)))
    assert [seats.tier_at[place].priority for place in (0, 49, 50, 149)] == [0, 0, -1, -2]
    assert {tier.mask.bit_count() for tier in seats.tier_at} == {50}
    assert sum({tier.mask for tier in seats.tier_at}) == seats.everybody


def test_by_weight_those_without_one_are_not_there() -> None:
    seats = seats_of(IDS, weighted=True)
    assert ids_of(seats, seats.everybody) == {one for place, one in enumerate(IDS) if place % 3}
    assert SEATS.weight(None) == 50 * 3
    assert SEATS.weight(frozenset(IDS[:3])) == 3


@given(
    st.lists(st.tuples(st.integers(0, SIZE - 1), st.sampled_from([WHOLE, "m"]), st.floats(1, 100), st.booleans())),
    st.integers(0, 120),
    st.integers(1, 1 << SIZE),
)
def test_who_rests_and_who_is_back_first_is_what_the_state_says(
    steps: list[tuple[int, str, float, bool]], now_s: int, mask: int
) -> None:
    state = MemoryState()
    seats = seats_of(IDS, state)
    ends: dict[str, dict[int, float]] = {WHOLE: {}, "m": {}}
    for place, about, until_s, woken in steps:
        if woken:
            state.wake(IDS[place], about)
            ends[about].pop(place, None)
        else:
            state.rest(IDS[place], about, Rest(KINDS[place % 2], 0.0, until_s))
            ends[about][place] = until_s
    state.advance(float(now_s))
    ends = {about: {place: end for place, end in of.items() if end > now_s} for about, of in ends.items()}
    for follower in (seats, seats_of(IDS, state)):
        for about, of in ends.items():
            resting_now = follower.resting(about)
            assert ids_of(follower, resting_now.mask) == {IDS[place] for place in of}
            assert resting_now.ends == sorted((end, place) for place, end in of.items())
            assert resting_now.hard == sum(1 << place for place in of if place % 2)
        resting = mask & (follower.resting(WHOLE).mask | follower.resting("m").mask)
        if resting:
            assert follower.first_back(resting, "m") == min(
                (max(of.get(place, 0.0) for of in ends.values()), place)
                for place in range(SIZE)
                if resting >> place & 1
            )


def test_among_many_the_first_back_is_found_whatever_rests_longer() -> None:
    """More than are looked at one by one."""
    state = MemoryState()
    seats = seats_of(IDS, state)
    for place, one in enumerate(IDS):
        state.rest(one, "m", Rest(OutcomeKind.RATE_LIMITED, 0.0, 1000.0 - place))
        if place > 100:
            state.rest(one, WHOLE, Rest(OutcomeKind.RATE_LIMITED, 0.0, 2000.0 + place))
    assert seats.first_back(seats.everybody, "m") == (900.0, 100)
    assert seats.first_back(seats.everybody & ~(1 << 100), "m") == (901.0, 99)
    assert seats.first_back(seats.everybody & ~((1 << 80) - 1), "m") == (900.0, 100)


def test_a_rest_for_another_reason_takes_the_place_of_the_one_before() -> None:
    state = MemoryState()
    seats = seats_of(IDS, state)
    state.rest("c0", "m", Rest(OutcomeKind.RATE_LIMITED, 0.0, 10.0))
    state.rest("c0", "m", Rest(OutcomeKind.TRANSIENT, 0.0, 60.0))
    assert (seats.resting("m").mask, seats.resting("m").hard, seats.resting("m").ends) == (1, 0, [(60.0, 0)])
