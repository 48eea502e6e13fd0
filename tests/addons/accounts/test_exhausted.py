"""What a client hears when nobody can answer."""

from pydantic import SecretStr

from addons.accounts.credential import Credential
from addons.accounts.exhausted import CredentialsExhausted
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
    assert str(CredentialsExhausted("m", [], 5.0)).endswith("the first is back in 1 s")
