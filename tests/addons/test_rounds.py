"""Whose turn it is: tiers, the order within one, and rounds."""

from collections import Counter
from typing import Any

import pytest

from addons.accounts.outcome import Outcome, OutcomeKind
from addons.exchange import Wait
from addons.rounds import MAX_ATTEMPTS, may_pass
from tests.support.conducting import Play, Stage, chat, key_of, refuse, reply

TWO_MODELS = [{"name": "one", "alias": "big"}, {"name": "two", "alias": "big"}]


def stage(*providers: dict[str, Any], **config: Any) -> Stage:
    """`config` in snake case."""
    return Stage(
        {"openai-compatibility": list(providers), **{key.replace("_", "-"): value for key, value in config.items()}}
    )


def fail(play: Play, status: int = 500, times: int = 1, *, retry_after: str = "") -> list[str]:
    """The next attempts fail so; their keys."""
    keys = []
    for _ in range(times):
        attempt = play.attempt()
        keys.append(key_of(attempt))
        refuse(attempt, status, retry_after=retry_after)
    return keys


def served_by(one: Stage) -> str:
    """The key that answers one more request."""
    attempt = one.play().attempt()
    reply(attempt)
    return key_of(attempt)


@pytest.mark.parametrize("priority", [0, 1], ids=["in one tier", "in the tier above"])
def test_a_healthy_pool_answers_before_one_that_rests_after_a_fault_that_passes(priority: int) -> None:
    one = stage(chat("a", priority=priority), chat("b"), routing={"strategy": "fill-first"})
    first = one.play()
    assert fail(first) == ["a-k-1"]
    reply(first.attempt())
    assert served_by(one) == "b-k-1"


def test_only_when_nobody_is_healthy_one_that_rests_is_borrowed() -> None:
    one = stage(chat("a", priority=1), chat("b"), routing={"strategy": "fill-first"})
    assert fail(one.play(), times=2) == ["a-k-1", "b-k-1"]
    assert served_by(one) == "a-k-1"


def test_a_lower_tier_is_asked_when_the_one_above_has_nobody_left() -> None:
    one = stage(chat("low"), chat("high", ["k-1", "k-2"], priority=3))
    assert fail(one.play(), 401, 3) == ["high-k-1", "high-k-2", "low-k-1"]
    assert one.play().answer().status == 429


def test_the_providers_of_a_tier_begin_in_turns() -> None:
    one = stage(chat("a"), chat("b"), chat("c"))
    assert [served_by(one)[0] for _ in range(6)] == ["a", "b", "c", "a", "b", "c"]


def test_a_further_attempt_goes_on_behind_the_last_one() -> None:
    one = stage(chat("a", ["k-1", "k-2", "k-3"]), chat("b"))
    assert fail(one.play(), times=4) == ["a-k-1", "b-k-1", "a-k-2", "a-k-3"]


def test_fill_first_stays_with_the_first() -> None:
    one = stage(chat("a", ["k-1", "k-2"]), chat("b"), routing={"strategy": "fill-first"})
    assert fail(one.play(), times=3) == ["a-k-1", "a-k-2", "b-k-1"]


def test_pools_have_their_weight_too() -> None:
    heavy = chat("heavy")
    heavy["api-key-entries"][0]["weight"] = 3
    one = stage(heavy, chat("light"), routing={"strategy": "weighted-round-robin"})
    assert Counter(served_by(one) for _ in range(8)) == {"heavy-k-1": 6, "light-k-1": 2}


def test_models_that_share_an_alias_take_turns_and_stand_in_for_each_other() -> None:
    one = stage(chat("a", models=TWO_MODELS))
    names = []
    for _ in range(2):
        play = one.play()
        refuse(play.attempt(), 500)
        reply(play.attempt())
        names.append([record.model for record in play.exchange.attempts])
    assert names == [["one", "two"], ["two", "one"]]


def test_another_round_admits_those_whose_own_limit_reaches_so_far() -> None:
    one = stage(chat("a", request_retry=2), chat("b"), request_retry=1, max_retry_interval=9)
    play = one.play()
    assert fail(play, 429, 2, retry_after="1") == ["a-k-1", "b-k-1"]
    rounds: list[list[str]] = []
    for _ in range(2):
        assert play.next() == Wait(1.0)
        one.now_s += 1.0
        rounds.append(fail(play, 429, 2 if not rounds else 1, retry_after="1"))
    assert [sorted(keys) for keys in rounds] == [["a-k-1", "b-k-1"], ["a-k-1"]]
    assert play.answer().status == 429


def test_a_credential_whose_limit_is_0_is_not_waited_for() -> None:
    one = stage(chat("a", request_retry=0), chat("b"), request_retry=1, max_retry_interval=9)
    play = one.play()
    refuse(play.attempt(), 429, retry_after="1")
    refuse(play.attempt(), 429, retry_after="5")
    assert play.next() == Wait(5.0)


@pytest.mark.parametrize(
    ("statuses", "again"),
    [([401, 401], False), ([404, 404], False), ([402, 402], False), ([401, 403], True), ([503, 401], True)],
)
def test_another_round_follows_only_what_may_pass(statuses: list[int], again: bool) -> None:
    one = stage(chat("a", ["k-1", "k-2"]), request_retry=1, disable_cooling=True)
    play = one.play()
    for status in statuses:
        refuse(play.attempt(), status)
    if again:
        assert play.attempt().number == 3
    else:
        play.answer()


@pytest.mark.parametrize(
    ("outcome", "passes"),
    [
        (Outcome(OutcomeKind.TRANSIENT), True),
        (Outcome(OutcomeKind.TRANSIENT, status=408), True),
        (Outcome(OutcomeKind.RATE_LIMITED, status=429), True),
        (Outcome(OutcomeKind.FORBIDDEN, status=403), True),
        (Outcome(OutcomeKind.FORBIDDEN, status=402), False),
        (Outcome(OutcomeKind.UNAUTHORIZED, status=401), False),
        (Outcome(OutcomeKind.REQUEST_FAULT, status=400), False),
        (Outcome(OutcomeKind.MODEL_MISSING, status=404), False),
    ],
    ids=lambda value: f"{value.kind} {value.status}" if isinstance(value, Outcome) else "",
)
def test_what_may_pass(outcome: Outcome, passes: bool) -> None:
    assert may_pass(outcome) is passes


@pytest.mark.parametrize(("hint", "wait_s"), [("4", 5.0), ("20", 22.0), ("29", 30.0), ("30", 30.0)])
def test_a_wait_is_a_little_longer_than_needed_and_never_longer_than_the_config_allows(
    hint: str, wait_s: float
) -> None:
    one = stage(chat("a"), request_retry=1, max_retry_interval=30)
    one.chance = 1.0
    play = one.play()
    fail(play, 429, retry_after=hint)
    assert play.next() == Wait(wait_s)


@pytest.mark.parametrize("interval", [0, -1])
def test_without_an_interval_a_round_that_need_not_wait_still_follows(interval: int) -> None:
    one = stage(chat("a"), request_retry=2, max_retry_interval=interval, disable_cooling=True)
    assert fail(one.play(), times=3) == ["a-k-1"] * 3
    resting = stage(chat("a"), request_retry=2, max_retry_interval=interval)
    play = resting.play()
    fail(play)
    assert play.answer().status == 429


def test_a_request_that_finds_everybody_resting_waits_for_the_first() -> None:
    one = stage(chat("a"), request_retry=1, max_retry_interval=30)
    first = one.play()
    fail(first, 429, retry_after="20")
    second = one.play()
    assert second.next() == Wait(20.0)
    one.now_s += 20.0
    assert second.attempt().number == 1


def test_a_later_round_borrows_nobody() -> None:
    one = stage(chat("a", ["k-1", "k-2"]), request_retry=1, max_retry_interval=30)
    play = one.play()
    refuse(play.attempt(), 500, retry_after="5")
    refuse(play.attempt(), 500, retry_after="20")
    assert play.next() == Wait(5.0)
    one.now_s += 5.0
    assert fail(play) == ["a-k-1"]
    assert play.answer().status == 429  # a-k-2 rests for another 15 seconds.
    assert one.in_use() == 0


def test_attempts_are_bounded_over_all_rounds() -> None:
    one = stage(chat("a"), request_retry=1000, disable_cooling=True)
    play = one.play()
    fail(play, times=MAX_ATTEMPTS)
    assert play.answer().status == 429
    wide = stage(chat("a", [f"k-{number}" for number in range(20)]), request_retry=9, disable_cooling=True).play()
    fail(wide, times=MAX_ATTEMPTS)  # The end comes in the middle of a round.
    assert wide.answer().status == 429


def test_a_timer_that_is_a_little_early_costs_no_round() -> None:
    one = stage(chat("a"), request_retry=1, max_retry_interval=30)
    play = one.play()
    fail(play, 429, retry_after="20")
    assert play.next() == Wait(20.0)
    one.now_s += 20.0 - 1 / 128
    assert play.next() == Wait(1 / 128)
    one.now_s += 1 / 128
    assert play.attempt().number == 2


def test_a_key_that_rests_is_told_of_once_however_many_models_it_has() -> None:
    one = stage(chat("a", models=TWO_MODELS))
    play = one.play()
    fail(play, 401)
    answer = play.answer()
    assert answer.body.count(b" unauthorized 401 until ") == 1


def test_a_stream_has_more_rounds_in_which_everybody_takes_part() -> None:
    one = stage(chat("a", request_retry=1), chat("b"), streaming={"bootstrap-retries": 2}, disable_cooling=True)
    play = one.play(stream=True)
    keys = fail(play, times=7)
    assert [sorted(keys[start : start + 2]) for start in (0, 2, 4)] == [["a-k-1", "b-k-1"]] * 3
    assert keys[6] == "a-k-1"
    assert play.answer().status == 429
    whole = one.play()
    assert sorted(fail(whole, times=3)) == ["a-k-1", "a-k-1", "b-k-1"]
    assert whole.answer().status == 429


def test_the_more_rounds_of_a_stream_wait_for_those_that_rest() -> None:
    one = stage(chat("a"), streaming={"bootstrap-retries": 1}, max_retry_interval=9)
    play = one.play(stream=True)
    fail(play, 429, retry_after="1")
    assert play.next() == Wait(1.0)
    one.now_s += 1.0
    reply(play.attempt())


def test_the_more_rounds_of_a_stream_do_not_wait_where_nobody_may() -> None:
    one = stage(chat("a"), streaming={"bootstrap-retries": 5})
    play = one.play(stream=True)
    fail(play, 429, retry_after="1")
    assert play.answer().status == 429
