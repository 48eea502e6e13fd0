import json

from addons.accounts.outcome import Outcome, OutcomeKind, Scope
from addons.accounts.pool import Exhausted, Lease
from addons.serving import Builder
from addons.settings import parse
from addons.usage.record import Fanout

NOW_S = 1000.0
ONE = "claude-api-key: [{api-key: test-key-1}]"
TWO = "claude-api-key: [{api-key: test-key-1}, {api-key: test-key-2}]"
REFUSED = Outcome(OutcomeKind.UNAUTHORIZED, Scope.CREDENTIAL, message="no")


def test_who_rests_goes_on_resting_under_other_settings() -> None:
    builder = Builder(Fanout([]), lambda: NOW_S)
    before = builder.build(parse(ONE).settings).conductors.pools["claude"]
    lease = before.pick(NOW_S, "m")
    assert isinstance(lease, Lease)
    before.give_back(lease, REFUSED, NOW_S)
    after = builder.build(parse(TWO).settings).conductors.pools["claude"]
    assert after is not before
    assert [one.credential for one in after.blocked(NOW_S + 1)] == [lease.credential.id]
    again = builder.build(parse(ONE).settings).conductors.pools["claude"].pick(NOW_S + 1, "m")
    assert isinstance(again, Exhausted)


def test_a_lease_that_is_out_is_counted_and_given_back_across_a_change() -> None:
    builder = Builder(Fanout([]), lambda: NOW_S)
    before = builder.build(parse(ONE).settings).conductors.pools["claude"]
    lease = before.pick(NOW_S, "m")
    assert isinstance(lease, Lease)
    after = builder.build(parse(ONE).settings).conductors.pools["claude"]
    assert after.in_use(lease.credential.id) == 1
    before.give_back(lease, Outcome(OutcomeKind.OK, Scope.NOTHING), NOW_S)
    assert after.in_use(lease.credential.id) == 0


def test_a_pool_that_was_gone_for_a_while_remembers() -> None:
    builder = Builder(Fanout([]), lambda: NOW_S)
    before = builder.build(parse(ONE).settings).conductors.pools["claude"]
    lease = before.pick(NOW_S, "m")
    assert isinstance(lease, Lease)
    before.give_back(lease, REFUSED, NOW_S)
    assert "claude" not in builder.build(parse("").settings).conductors.pools
    assert builder.build(parse(ONE).settings).conductors.pools["claude"].blocked(NOW_S + 1)


def test_a_session_stays_with_its_credential_across_a_change() -> None:
    builder = Builder(Fanout([]), lambda: NOW_S)
    affine = {"routing": {"session-affinity": True}}
    before = builder.build(parse(json.dumps(affine)).settings).conductors.sessions
    after = builder.build(parse(json.dumps({**affine, "request-retry": 1})).settings).conductors.sessions
    assert before is not None
    assert after is before


def test_who_waits_is_served_under_the_new_limits_at_once() -> None:
    builder = Builder(Fanout([]), lambda: NOW_S)
    narrow = "claude-api-key: [{api-key: test-key-1, max-concurrency: 1}]"
    pool = builder.build(parse(narrow).settings).conductors.pools["claude"]
    assert isinstance(pool.pick(NOW_S, "m"), Lease)
    place = pool.wait("m", None, lambda: None)
    assert place is not None
    builder.build(parse(narrow.replace("1}", "2}")).settings)
    assert place.lease is not None
