"""How long a rest is."""

import pytest

from addons.accounts.cooldown import DEFAULT_COOLING, Cooling, Rest, rest_after
from addons.accounts.outcome import CANCELLED, OK, Action, Outcome, OutcomeKind, Scope

OFF = Cooling(enabled=False)
NO_TRANSIENT = Cooling(transient_s=None)


def failed(kind: OutcomeKind, scope: Scope = Scope.MODEL, hint_s: float | None = None) -> Outcome:
    return Outcome(kind, scope, 429, "said", hint_s)


def length_s(outcome: Outcome, last: Rest | None = None, now_s: float = 1000.0) -> float:
    rest = rest_after(outcome, last, now_s, DEFAULT_COOLING)
    assert rest is not None
    return rest.until_s - now_s


def ladder(kind: OutcomeKind, steps: int) -> list[float]:
    """The rests when each failure comes just after the end of the rest before."""
    lengths: list[float] = []
    now_s, last = 1000.0, None
    for _ in range(steps):
        last = rest_after(failed(kind), last, now_s, DEFAULT_COOLING)
        assert last is not None
        lengths.append(last.until_s - now_s)
        now_s = last.until_s
    return lengths


@pytest.mark.parametrize("kind", [OutcomeKind.UNAUTHORIZED, OutcomeKind.FORBIDDEN])
def test_a_refused_key_rests_a_minute_first_and_half_an_hour_at_most(kind: OutcomeKind) -> None:
    assert ladder(kind, 7) == [60, 120, 240, 480, 960, 1800, 1800]


def test_a_missing_model_rests_ten_minutes_first_and_an_hour_at_most() -> None:
    assert ladder(OutcomeKind.MODEL_MISSING, 5) == [600, 1200, 2400, 3600, 3600]


def test_a_rate_limit_without_a_hint_rests_a_second_first_and_half_an_hour_at_most() -> None:
    assert ladder(OutcomeKind.RATE_LIMITED, 13) == [*(2.0**level for level in range(11)), 1800, 1800]


def test_a_fault_that_passes_rests_always_the_same() -> None:
    assert ladder(OutcomeKind.TRANSIENT, 3) == [60, 60, 60]
    assert rest_after(failed(OutcomeKind.TRANSIENT), None, 0.0, NO_TRANSIENT) is None


@pytest.mark.parametrize(
    ("kind", "scope", "hint_s", "rest_s"),
    [
        (OutcomeKind.RATE_LIMITED, Scope.MODEL, 12.5, 12.5),
        (OutcomeKind.RATE_LIMITED, Scope.MODEL, 7200.0, 3600.0),
        (OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL, 7200.0, 7200.0),
        (OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL, 5 * 86400.0, 21600.0),
        (OutcomeKind.RATE_LIMITED, Scope.MODEL, 0.0, 1.0),
        (OutcomeKind.TRANSIENT, Scope.MODEL, 3.0, 3.0),
        (OutcomeKind.TRANSIENT, Scope.MODEL, 86400.0, 1800.0),
        (OutcomeKind.UNAUTHORIZED, Scope.CREDENTIAL, 86400.0, 60.0),
    ],
)
def test_a_hint_is_followed_within_bounds(kind: OutcomeKind, scope: Scope, hint_s: float, rest_s: float) -> None:
    assert length_s(failed(kind, scope, hint_s)) == rest_s


def test_what_the_vendor_said_is_kept_where_it_is_later_than_the_next_try() -> None:
    days = failed(OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL, 5 * 86400.0)
    rest = rest_after(days, None, 1000.0, DEFAULT_COOLING)
    assert rest == Rest(
        OutcomeKind.RATE_LIMITED, 1000.0, 22600.0, 0, hinted_s=1000.0 + 5 * 86400.0, status=429, message="said"
    )
    short = rest_after(failed(OutcomeKind.RATE_LIMITED, Scope.MODEL, 5.0), None, 0.0, DEFAULT_COOLING)
    assert short is not None
    assert short.hinted_s is None


def test_a_burst_of_failures_is_one() -> None:
    first = rest_after(failed(OutcomeKind.RATE_LIMITED), None, 0.0, DEFAULT_COOLING)
    assert rest_after(failed(OutcomeKind.RATE_LIMITED), first, 0.5, DEFAULT_COOLING) is first


def test_a_longer_rest_is_not_shortened_by_a_shorter_one() -> None:
    quota = rest_after(failed(OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL, 5000.0), None, 0.0, DEFAULT_COOLING)
    assert rest_after(failed(OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL, 10.0), quota, 1.0, DEFAULT_COOLING) is quota
    assert rest_after(failed(OutcomeKind.TRANSIENT), quota, 1.0, DEFAULT_COOLING) is quota
    assert length_s(failed(OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL, 9000.0), quota, 1.0) == 9000.0


def test_an_hour_of_peace_is_forgiveness() -> None:
    old = Rest(OutcomeKind.UNAUTHORIZED, 0.0, 1800.0, level=5)
    assert length_s(failed(OutcomeKind.UNAUTHORIZED), old, 1800.0 + 3600.0) == 1800.0
    assert length_s(failed(OutcomeKind.UNAUTHORIZED), old, 1800.0 + 3601.0) == 60.0


@pytest.mark.parametrize("outcome", [OK, CANCELLED, failed(OutcomeKind.REQUEST_FAULT), failed(OutcomeKind.CANCELLED)])
def test_what_says_nothing_of_the_credential_rests_nothing(outcome: Outcome) -> None:
    assert rest_after(outcome, None, 0.0, DEFAULT_COOLING) is None


def test_a_failure_that_is_about_nothing_rests_nothing() -> None:
    assert rest_after(failed(OutcomeKind.MODEL_MISSING, Scope.NOTHING), None, 0.0, DEFAULT_COOLING) is None


@pytest.mark.parametrize("kind", set(OutcomeKind) - {OutcomeKind.MODEL_MISSING})
def test_nothing_but_a_missing_model_rests_when_cooling_is_disabled(kind: OutcomeKind) -> None:
    assert rest_after(failed(kind, Scope.CREDENTIAL, 100.0), None, 0.0, OFF) is None
    assert rest_after(failed(OutcomeKind.MODEL_MISSING), None, 0.0, OFF) is not None


# What the user rules.

FORCING = [Action.STOP_AND_COOL, Action.CONTINUE_AND_COOL]
FAILURES = sorted(set(OutcomeKind) - {OutcomeKind.OK, OutcomeKind.CANCELLED})


def ruled(kind: OutcomeKind, action: Action, scope: Scope = Scope.MODEL, hint_s: float | None = None) -> Outcome:
    return Outcome(kind, scope, 429, "said", hint_s, action)


@pytest.mark.parametrize("cooling", [DEFAULT_COOLING, OFF, NO_TRANSIENT, Cooling(enabled=False, transient_s=None)])
@pytest.mark.parametrize("action", FORCING)
@pytest.mark.parametrize("kind", FAILURES)
def test_a_rule_with_cooldown_rests_whatever_else_is_said(kind: OutcomeKind, action: Action, cooling: Cooling) -> None:
    rest = rest_after(ruled(kind, action), None, 0.0, cooling)
    assert rest is not None
    usual = {"unauthorized": 60.0, "forbidden": 60.0, "model_missing": 600.0, "rate_limited": 1.0}
    assert (rest.kind, rest.until_s) == (kind, usual.get(kind, 60.0))


@pytest.mark.parametrize("action", [Action.STOP, Action.CONTINUE])
@pytest.mark.parametrize("kind", FAILURES)
def test_a_rule_without_cooldown_rests_nothing(kind: OutcomeKind, action: Action) -> None:
    assert rest_after(ruled(kind, action, Scope.CREDENTIAL, 30.0), None, 0.0, DEFAULT_COOLING) is None


def test_a_fault_of_the_request_that_the_user_lets_rest_rests_as_long_as_one_that_passes() -> None:
    fault = ruled(OutcomeKind.REQUEST_FAULT, Action.STOP_AND_COOL, Scope.NOTHING)
    rest = rest_after(fault, None, 0.0, Cooling(transient_s=7.0))
    assert rest is not None
    assert (rest.kind, rest.until_s) == (OutcomeKind.REQUEST_FAULT, 7.0)


def test_a_forced_rest_follows_the_hint_of_the_vendor() -> None:
    rest = rest_after(ruled(OutcomeKind.RATE_LIMITED, Action.STOP_AND_COOL, Scope.NOTHING, 12.0), None, 0.0, OFF)
    assert rest is not None
    assert rest.until_s == 12.0


@pytest.mark.parametrize("kind", [OutcomeKind.OK, OutcomeKind.CANCELLED])
def test_no_rule_lets_a_success_rest(kind: OutcomeKind) -> None:
    assert rest_after(ruled(kind, Action.STOP_AND_COOL), None, 0.0, DEFAULT_COOLING) is None
