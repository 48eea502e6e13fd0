"""What a client hears when nobody can answer."""

from pydantic import SecretStr

from addons.accounts.credential import Credential
from addons.accounts.exhausted import AllBusy, CredentialsExhausted
from addons.accounts.outcome import Outcome, OutcomeKind, Scope
from addons.accounts.pool import Exhausted, Lease, Pool


def resting(size: int) -> Exhausted:
    pool = Pool([Credential(f"{n:08}abcd", "p", "vendor", SecretStr("test-key-1"), "http://x") for n in range(size)])
    week = Outcome(OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL, 429, "weekly limit", 3 * 86400.0)
    short = Outcome(OutcomeKind.RATE_LIMITED, Scope.MODEL, 429, "slow down", 34.2)
    for number in range(size):
        lease = pool.pick(0.0, "m")
        assert isinstance(lease, Lease)
        pool.give_back(lease, short if number % 2 else week, 0.0)
    said = pool.pick(0.0, "m")
    assert isinstance(said, Exhausted)
    return said


def test_it_says_who_why_and_until_when() -> None:
    error = CredentialsExhausted("m", [resting(2)], 0.0)
    assert (error.status, error.kind, error.code, error.retry_after_s) == (429, "rate_limit", "model_cooldown", 35.0)
    assert str(error) == (
        "every credential for 'm' (vendor) is resting; the first is back in 35 s:"
        " 00000001 rate_limited 429 for m until 00:00:34 UTC (in 35 s): slow down;"
        " 00000000 rate_limited 429 until 06:00:00 UTC (in 6 h, the vendor says 3 d): weekly limit"
    )


def test_a_long_list_is_cut_and_the_time_never_lies_in_the_past() -> None:
    error = CredentialsExhausted("m", [resting(9)], 100.0)
    assert str(error).endswith("; 4 more")
    assert error.retry_after_s == 1.0


def test_who_was_tried_in_vain_is_named_and_the_last_ones_stay_when_the_list_is_cut() -> None:
    error = CredentialsExhausted("m", [Exhausted("vendor", "m", 5.0)], 5.0, [f"{n}: no" for n in range(7)])
    assert (
        str(error) == "every credential for 'm' (vendor) was tried in vain: 2: no; 3: no; 4: no; 5: no; 6: no; 2 more"
    )
    both = CredentialsExhausted("m", [resting(2)], 0.0, ["00000009 transient 500: oops"])
    assert str(both).startswith(
        "every credential for 'm' (vendor) was tried in vain or is resting; the first is back in 35 s:"
        " 00000009 transient 500: oops; 00000001 rate_limited 429 for m"
    )


def test_where_nothing_can_be_said_of_anybody_nothing_is_made_up() -> None:
    error = CredentialsExhausted("m", [Exhausted("vendor", "m", None)], 5.0)
    assert str(error) == "every credential for 'm' (vendor) is ruled out for this request"
    assert error.retry_after_s == 1.0


def test_a_full_line_and_a_wait_in_vain_name_the_setting() -> None:
    full = AllBusy("m", ["one", "two", "one"])
    assert (full.status, full.kind, full.code, full.retry_after_s) == (429, "rate_limit", "credentials_busy", 5.0)
    assert str(full) == (
        "every credential for 'm' (one, two) has max-concurrency requests already,"
        " and the line of those that wait for them is full (routing.queue-size)"
    )
    late = AllBusy("m", ["one"], waited_s=120.0, tried=["00000009 transient 500: oops"])
    assert str(late) == (
        "every credential for 'm' (one) has max-concurrency requests already,"
        " and none became free in 2 min (routing.queue-timeout-seconds): 00000009 transient 500: oops"
    )
