"""Who answers next."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydantic import SecretStr

from addons.accounts.cooldown import Cooling
from addons.accounts.credential import Credential
from addons.accounts.outcome import CANCELLED, OK, Outcome, OutcomeKind, Scope
from addons.accounts.pool import Busy, Exhausted, Lease, Pool, Strategy
from addons.accounts.state import MAX_RESTS, MemoryState
from addons.accounts.turns import MAX_RINGS

FAULT = Outcome(OutcomeKind.REQUEST_FAULT)
LIMITED = Outcome(OutcomeKind.RATE_LIMITED, Scope.MODEL, 429, "slow down", 30.0)
QUOTA = Outcome(OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL, 429, "weekly limit", 7 * 86400.0)
REFUSED = Outcome(OutcomeKind.UNAUTHORIZED, Scope.CREDENTIAL, 401, "bad key")
MISSING = Outcome(OutcomeKind.MODEL_MISSING, Scope.MODEL, 404, "no such model")
BROKEN = Outcome(OutcomeKind.TRANSIENT, Scope.MODEL, 500, "oops")


def credential(name: str, priority: int = 0, **more: Any) -> Credential:
    secret = SecretStr("test-key-1")
    return Credential(id=name, provider="p", pool="pool", secret=secret, base_url="http://x", priority=priority, **more)


def pool_of(names: str, strategy: Strategy = "round-robin", cooling: Cooling = Cooling()) -> Pool:  # noqa: B008
    return Pool([credential(name) for name in names], strategy, cooling)


def leased(picked: Lease | Busy | Exhausted) -> Lease:
    assert isinstance(picked, Lease)
    return picked


def exhausted(picked: Lease | Busy | Exhausted) -> Exhausted:
    assert isinstance(picked, Exhausted)
    return picked


def ask(pool: Pool, now_s: float, outcome: Outcome = OK, model: str = "m", **options: object) -> str:
    """One attempt, and who made it."""
    lease = leased(pool.pick(now_s, model, **{"resting_too": True, **options}))  # type: ignore[arg-type]
    pool.give_back(lease, outcome, now_s)
    return lease.credential.id


def asked(pool: Pool, times: int, model: str = "m") -> str:
    return "".join(ask(pool, float(now_s), model=model) for now_s in range(times))


# Strategies.


def test_round_robin_goes_round_for_each_model_by_itself() -> None:
    pool = pool_of("abc")
    assert asked(pool, 5) == "abcab"
    assert asked(pool, 2, "other") == "ab"
    assert asked(pool, 2) == "ca"


def test_further_attempts_of_a_request_do_not_move_the_turn() -> None:
    pool = pool_of("abcd")
    assert ask(pool, 0.0, FAULT) == "a"
    assert ask(pool, 0.0, FAULT, tried={"a"}) == "b"
    assert ask(pool, 0.0, FAULT, tried={"a", "b"}) == "c"
    assert ask(pool, 0.0) == "b"


def test_who_stands_behind_a_resting_one_does_not_get_its_share_too() -> None:
    pool = pool_of("abcd")
    assert ask(pool, 0.0, REFUSED) == "a"
    assert [Counter(asked(pool, 30))[name] for name in "bcd"] == [10, 10, 10]


def test_fill_first_stays_with_the_first_until_it_rests_and_comes_back() -> None:
    pool = pool_of("abc", "fill-first")
    assert asked(pool, 3) == "aaa"
    assert ask(pool, 3.0, LIMITED) == "a"
    assert [ask(pool, 4.0), ask(pool, 5.0, LIMITED), ask(pool, 6.0)] == ["b", "b", "c"]
    assert ask(pool, 33.0) == "a"


def test_only_the_highest_priority_that_has_someone_free_is_used() -> None:
    pool = Pool([credential("low"), credential("high", 5), credential("higher", 9)])
    assert ask(pool, 0.0, LIMITED) == "higher"
    assert ask(pool, 1.0, LIMITED) == "high"
    assert ask(pool, 2.0) == "low"
    assert ask(pool, 30.0) == "higher"


def test_only_those_that_serve_the_model_are_picked() -> None:
    pool = pool_of("abcd")
    among = frozenset("bd")
    assert [ask(pool, 0.0, among=among) for _ in range(4)] == ["b", "d", "b", "d"]
    nobody = exhausted(pool.pick(0.0, "m", among=frozenset("x")))
    assert (nobody.blocked, nobody.retry_at_s) == ((), None)


def test_by_weight_each_has_its_share_and_who_weighs_nothing_is_never_used() -> None:
    members = [credential("a", weight=5), credential("b"), credential("c"), credential("d", 9, weight=0)]
    pool = Pool(members, "weighted-round-robin")
    assert asked(pool, 7) == "aabacaa"
    assert Counter(asked(pool, 14, "other")) == {"a": 10, "b": 2, "c": 2}
    ask(pool, 100.0, QUOTA, among=frozenset("a"))
    assert Counter(ask(pool, 101.0) for _ in range(10)) == {"b": 5, "c": 5}
    assert exhausted(pool.pick(102.0, "m", among=frozenset("d"), bound="d")).retry_at_s is None
    assert (pool.weight(None), pool.weight(frozenset("bd"))) == (7, 1)


def test_without_weights_in_the_strategy_they_count_for_nothing() -> None:
    pool = Pool([credential("a", weight=5), credential("b", weight=0)])
    assert asked(pool, 4) == "abab"
    assert pool.weight(None) == 5


def test_the_turn_goes_on_where_it_was_when_the_config_is_read_again() -> None:
    state = MemoryState()
    assert asked(Pool([credential(name) for name in "abc"], state=state), 4) == "abca"
    assert asked(Pool([credential(name) for name in "abc"], state=state), 2) == "bc"
    assert asked(Pool([credential(name) for name in "ab"], state=state), 3) == "aba"


def test_a_bound_credential_is_picked_before_all_others_if_it_may_be() -> None:
    pool = Pool([credential("a", 9), credential("b"), credential("c", max_concurrency=1)])
    assert [ask(pool, 0.0, bound="b"), ask(pool, 0.0, bound="c"), ask(pool, 0.0, bound="x")] == ["b", "c", "a"]
    assert ask(pool, 0.0, bound="b", tried={"b"}) == "a"
    assert ask(pool, 0.0, bound="b", among=frozenset("ac")) == "a"
    held = leased(pool.pick(0.0, "m", bound="c"))
    assert ask(pool, 0.0, bound="c") == "a"
    pool.give_back(held, LIMITED, 0.0)
    assert ask(pool, 1.0, bound="c") == "a"


def test_a_bound_pick_does_not_move_the_turn() -> None:
    pool = pool_of("abc")
    assert [ask(pool, 0.0), ask(pool, 0.0, bound="a"), ask(pool, 0.0)] == ["a", "a", "b"]


def test_only_those_whose_own_request_retry_allows_it_take_part_in_a_later_round() -> None:
    members = [credential("a", request_retry=0), credential("b", request_retry=2), credential("c")]
    pool = Pool(members, request_retry=1)
    assert [ask(pool, 0.0, retry_round=number) for number in (0, 1, 1, 2, 2)] == ["a", "b", "c", "b", "b"]
    assert exhausted(pool.pick(0.0, "m", retry_round=3)).retry_at_s is None
    ask(pool, 0.0, REFUSED, among=frozenset("b"))
    assert exhausted(pool.pick(1.0, "m", {"c"}, retry_round=1)).retry_at_s == 1.0
    assert exhausted(pool.pick(1.0, "m", retry_round=2)).retry_at_s == 60.0


# What rests, and for whom.


@pytest.mark.parametrize("enabled", [True, False])
def test_a_credential_may_rest_otherwise_than_the_others(enabled: bool) -> None:
    members = [credential("a", cooling=True), credential("b", cooling=False), credential("c")]
    pool = Pool(members, cooling=Cooling(enabled=enabled))
    assert [ask(pool, 0.0, REFUSED) for _ in range(3)] == ["a", "b", "c"]
    assert [one.credential for one in pool.blocked(1.0)] == (["a", "c"] if enabled else ["a"])


def test_a_rest_that_is_made_longer_does_not_end_when_it_was_to_end_before() -> None:
    pool = pool_of("a")
    first, second = leased(pool.pick(0.0, "m")), leased(pool.pick(0.0, "m"))
    pool.give_back(first, LIMITED, 0.0)
    pool.give_back(second, Outcome(OutcomeKind.RATE_LIMITED, Scope.MODEL, 429, "later", 90.0), 1.0)
    assert exhausted(pool.pick(31.0, "m")).retry_at_s == 91.0
    assert ask(pool, 91.0) == "a"


def test_a_person_ends_one_rest_or_all_of_a_credential() -> None:
    pool = pool_of("a")
    first, second = leased(pool.pick(0.0, "m")), leased(pool.pick(0.0, "m"))
    pool.give_back(first, REFUSED, 0.0)
    pool.give_back(second, MISSING, 0.0)
    pool.wake("a", "m")
    assert exhausted(pool.pick(1.0, "m")).retry_at_s == 60.0
    pool.wake("a")
    assert ask(pool, 1.0, MISSING) == "a"
    pool.wake("a")
    pool.wake("a", "other")
    pool.wake("nobody")
    assert ask(pool, 2.0) == "a"


def test_a_report_is_put_together_only_when_somebody_looks() -> None:
    pool = pool_of("a")
    ask(pool, 0.0, LIMITED)
    said = exhausted(pool.pick(1.0, "m"))
    assert "blocked" not in vars(said)
    assert said.blocked is said.blocked
    assert "retry_at_s=30.0" in repr(said)


def test_a_limit_of_a_model_leaves_other_models_alone() -> None:
    pool = pool_of("a")
    ask(pool, 0.0, LIMITED, "m")
    assert ask(pool, 1.0, model="other") == "a"
    assert exhausted(pool.pick(1.0, "m")).retry_at_s == 30.0


def test_a_missing_model_rests_that_model_only() -> None:
    pool = pool_of("a")
    ask(pool, 0.0, MISSING, "m")
    assert ask(pool, 1.0, model="other") == "a"
    assert exhausted(pool.pick(599.0, "m")).blocked[0].kind is OutcomeKind.MODEL_MISSING
    assert ask(pool, 600.0) == "a"


def test_a_refused_key_rests_for_every_model() -> None:
    pool = pool_of("a")
    ask(pool, 0.0, REFUSED, "m")
    assert exhausted(pool.pick(1.0, "other")).retry_at_s == 60.0


def test_an_exhausted_pool_says_who_why_and_until_when() -> None:
    pool = pool_of("ab")
    ask(pool, 0.0, QUOTA)
    ask(pool, 0.0, LIMITED)
    said = exhausted(pool.pick(10.0, "m"))
    assert (said.pool, said.model, said.retry_at_s) == ("pool", "m", 30.0)
    quota, limited = said.blocked
    assert (quota.short, quota.kind, quota.message, quota.status) == ("a", "rate_limited", "weekly limit", 429)
    assert (quota.model, quota.until_s, quota.hinted_s) == ("", 21600.0, 7 * 86400.0)
    assert (limited.model, limited.until_s, limited.hinted_s) == ("m", 30.0, None)
    assert "test-key-1" not in repr(said)


def test_the_longer_of_two_rests_is_told() -> None:
    pool = pool_of("a")
    first, second = leased(pool.pick(0.0, "m")), leased(pool.pick(0.0, "m"))
    pool.give_back(first, REFUSED, 0.0)
    pool.give_back(second, MISSING, 0.0)
    assert [blocked.kind for blocked in pool.blocked(1.0, "m")] == [OutcomeKind.MODEL_MISSING]
    assert [blocked.kind for blocked in pool.blocked(1.0)] == [OutcomeKind.UNAUTHORIZED]


def test_a_tried_one_that_does_not_rest_may_be_had_at_once_in_the_next_round() -> None:
    pool = pool_of("a", cooling=Cooling(enabled=False))
    ask(pool, 5.0, LIMITED)
    assert exhausted(pool.pick(5.0, "m", {"a"})).retry_at_s == 5.0


@pytest.mark.parametrize("outcome", [OK, CANCELLED, FAULT])
def test_what_is_no_fault_of_the_credential_rests_nothing(outcome: Outcome) -> None:
    pool = pool_of("a")
    assert [ask(pool, 0.0, outcome) for _ in range(3)] == ["a", "a", "a"]


# A fault that passes.


def test_a_fault_that_passes_never_shuts_out_the_only_account() -> None:
    pool = pool_of("a")
    assert ask(pool, 0.0, BROKEN) == "a"
    assert ask(pool, 1.0, BROKEN) == "a"
    assert exhausted(pool.pick(2.0, "m", {"a"})).retry_at_s == 60.0


def test_a_healthy_one_is_preferred_to_one_that_has_just_failed() -> None:
    pool = pool_of("ab")
    assert ask(pool, 0.0, BROKEN) == "a"
    assert [ask(pool, 1.0), ask(pool, 2.0)] == ["b", "b"]


def test_of_those_that_failed_in_passing_the_one_that_recovers_first_is_used() -> None:
    pool = pool_of("abc")
    assert [ask(pool, 0.0, LIMITED), ask(pool, 5.0, BROKEN), ask(pool, 1.0, BROKEN)] == ["a", "b", "c"]
    assert ask(pool, 6.0) == "c"


def test_of_those_that_failed_in_passing_the_highest_priority_is_used() -> None:
    pool = Pool([credential("low"), credential("high", 1)])
    assert [ask(pool, 0.0, BROKEN, among=frozenset([name])) for name in ("low", "high")] == ["low", "high"]
    pool.wake("high")
    assert ask(pool, 5.0, BROKEN) == "high"
    assert ask(pool, 6.0) == "high"


def test_a_caller_that_would_rather_wait_is_told_how_long() -> None:
    pool = pool_of("a")
    ask(pool, 0.0, BROKEN)
    assert exhausted(pool.pick(1.0, "m")).retry_at_s == 60.0


# Recovery.


def test_a_success_ends_the_rests_that_it_disproves() -> None:
    pool = pool_of("a")
    ask(pool, 0.0, QUOTA)
    assert ask(pool, 21600.0) == "a"  # The probe.
    assert pool.blocked(21600.0) == ()
    ask(pool, 21601.0, REFUSED)
    assert pool.blocked(21601.0)[0].until_s == 21661.0  # From the beginning again.


@pytest.mark.parametrize("whole", [False, True])
def test_a_success_ends_a_rest_early(whole: bool) -> None:
    pool = pool_of("a")
    ask(pool, 0.0, Outcome(OutcomeKind.TRANSIENT, Scope.CREDENTIAL if whole else Scope.MODEL, 500))
    assert pool.blocked(1.0, "m")
    ask(pool, 1.0)
    assert not pool.blocked(1.0, "m")


def test_a_success_makes_the_next_rest_as_short_as_the_first() -> None:
    pool = pool_of("a")
    for now_s, until_s in ((0.0, 60.0), (61.0, 181.0)):
        ask(pool, now_s, REFUSED)
        assert pool.blocked(now_s)[0].until_s == until_s
    ask(pool, 182.0)
    ask(pool, 183.0, REFUSED)
    assert pool.blocked(183.0)[0].until_s == 243.0


def test_a_success_that_began_before_the_failure_disproves_nothing() -> None:
    pool = pool_of("a")
    long_stream = leased(pool.pick(0.0, "m"))
    ask(pool, 1.0, LIMITED)
    pool.give_back(long_stream, OK, 2.0)
    assert exhausted(pool.pick(3.0, "m")).retry_at_s == 31.0


def test_a_second_giving_back_has_no_effect() -> None:
    pool = pool_of("a")
    lease = leased(pool.pick(0.0, "m"))
    assert pool.in_use("a") == 1
    pool.give_back(lease, CANCELLED, 1.0)
    pool.give_back(lease, REFUSED, 1.0)
    assert (pool.in_use("a"), pool.blocked(1.0)) == (0, ())


# Bounds.


def test_names_that_clients_make_up_do_not_fill_the_memory() -> None:
    state = MemoryState()
    pool = Pool([credential("a")], state=state)
    for number in range(2 * MAX_RESTS + 10):
        ask(pool, number * 1e-3, MISSING, f"claude-{number}")
        assert len(state.rests("a")) <= MAX_RESTS
    assert len(state.turns.rings) == MAX_RINGS
    assert len(state._ends) <= 2 * MAX_RESTS
    assert len(pool.blocked(0.0)) == 0
    ask(pool, 1e6)
    ask(pool, 2e6)
    assert (len(state.rests("a")), len(state._ends), len(pool._seats._resting)) == (0, 0, 0)


def test_made_up_models_do_not_end_the_rest_of_a_whole_credential() -> None:
    state = MemoryState()
    pool = Pool([credential("a"), credential("b")], state=state)
    ask(pool, 0.0, REFUSED)
    for number in range(2 * MAX_RESTS):
        ask(pool, 1.0, MISSING, f"claude-{number}")
    assert [(one.credential, one.until_s) for one in pool.blocked(2.0)] == [("a", 60.0)]
    assert len(state._ends) <= 2 * MAX_RESTS


def test_a_rest_is_forgotten_an_hour_after_its_end() -> None:
    state = MemoryState()
    pool = Pool([credential("a")], state=state)
    ask(pool, 0.0, LIMITED)
    pool.serve(30.0)
    assert len(state.rests("a")) == 1
    pool.serve(30.0 + 3600.0)
    assert (len(state.rests("a")), state._ends) == (0, [])


# Properties.

OUTCOMES = [OK, CANCELLED, FAULT, LIMITED, QUOTA, REFUSED, MISSING, BROKEN]


@given(st.integers(1, 12), st.integers(0, 80))
def test_round_robin_is_fair_to_within_one(size: int, requests: int) -> None:
    pool = pool_of("abcdefghijkl"[:size])
    shares = Counter(dict.fromkeys("abcdefghijkl"[:size], 0))
    shares.update(asked(pool, requests))
    assert max(shares.values()) - min(shares.values()) <= 1


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([LIMITED, REFUSED, QUOTA, MISSING])), max_size=4))
def test_fill_first_takes_the_first_that_does_not_rest(failures: Sequence[tuple[str, Outcome]]) -> None:
    pool = pool_of("abcd", "fill-first")
    for name, outcome in failures:
        lease = pool.pick(0.0, "m", among=frozenset(name))
        if isinstance(lease, Lease):
            pool.give_back(lease, outcome, 0.0)
    free = [name for name in "abcd" if name not in {failed for failed, _ in failures}]
    picked = pool.pick(0.5, "m")
    assert (picked.credential.id if isinstance(picked, Lease) else None) == (free[0] if free else None)


@given(st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=60), st.integers(1, 5))
def test_nobody_starves_and_all_come_back(outcomes: list[Outcome], size: int) -> None:
    """However it went, after the longest rest there is everyone answers again."""
    pool = pool_of("abcde"[:size])
    now_s = 0.0
    for outcome in outcomes:
        now_s += 1.0
        picked = pool.pick(now_s, "m")
        if isinstance(picked, Lease):
            pool.give_back(picked, outcome, now_s)
    now_s += 6 * 3600.0
    assert {ask(pool, now_s + number) for number in range(size)} == set("abcde"[:size])


@given(st.lists(st.tuples(st.floats(0.1, 5.0), st.sampled_from(OUTCOMES)), max_size=8))
def test_a_rest_ends_early_by_a_success_and_by_nothing_else(attempts: list[tuple[float, Outcome]]) -> None:
    """However often one that rests is borrowed."""
    pool, now_s = pool_of("a"), 0.0
    ask(pool, now_s, BROKEN)
    for passed_s, outcome in attempts:
        now_s += passed_s
        until_s = max(rest.until_s for rest in pool.blocked(now_s, "m"))
        picked = pool.pick(now_s, "m", resting_too=True)
        if isinstance(picked, Lease):
            pool.give_back(picked, outcome, now_s)
            if outcome is OK:
                assert not pool.blocked(now_s, "m")
                return
        assert max(rest.until_s for rest in pool.blocked(now_s, "m")) >= until_s


class AnyHistory(RuleBasedStateMachine):
    """Requests that overlap, in any order, with any outcome."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = Pool([credential("a", 1), credential("b"), credential("c")])
        self.now_s = 0.0
        self.out: list[Lease] = []
        self.rests: dict[tuple[str, str], float] = {}

    @rule(passed_s=st.sampled_from([0.1, 1.0, 31.0, 700.0, 30000.0]))
    def time_passes(self, passed_s: float) -> None:
        self.now_s += passed_s

    @rule(model=st.sampled_from(["m", "n"]), tried=st.sets(st.sampled_from("abc")), resting_too=st.booleans())
    def a_request_asks(self, model: str, tried: set[str], resting_too: bool) -> None:
        blocked = {one.credential: one for one in self.pool.blocked(self.now_s, model)}
        match self.pool.pick(self.now_s, model, tried, resting_too=resting_too):
            case Lease() as lease:
                assert lease.credential.id not in tried
                resting = blocked.get(lease.credential.id)
                if resting is not None:
                    assert resting_too
                    assert resting.kind is OutcomeKind.TRANSIENT
                    assert set("abc") - tried <= set(blocked)
                self.out.append(lease)
            case Busy():
                raise AssertionError("there are no limits")
            case Exhausted() as said:
                free = set("abc") - set(blocked) - tried
                assert not free
                assert {one.credential for one in said.blocked} == set(blocked)
                assert said.retry_at_s is not None
                assert said.retry_at_s >= self.now_s

    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES))
    def an_attempt_ends(self, data: st.DataObject, outcome: Outcome) -> None:
        if not self.out:
            return
        lease = self.out.pop(data.draw(st.integers(0, len(self.out) - 1)))
        self.pool.give_back(lease, outcome, self.now_s)
        if outcome is OK:
            self.rests = {about: until for about, until in self.rests.items() if about[0] != lease.credential.id}

    @invariant()
    def every_lease_is_counted(self) -> None:
        out = Counter(lease.credential.id for lease in self.out)
        assert {name: self.pool.in_use(name) for name in "abc"} == {name: out[name] for name in "abc"}

    @invariant()
    def no_rest_is_shortened_but_by_a_success(self) -> None:
        now = {
            (one.credential, model): one.until_s
            for model in ("", "m", "n")
            for one in self.pool.blocked(self.now_s, model)
        }
        for about, until_s in self.rests.items():
            if until_s > self.now_s:
                assert now[about] >= until_s
        self.rests = now


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
