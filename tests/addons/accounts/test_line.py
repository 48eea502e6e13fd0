"""Limits on leases at once, and the line of those that wait."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydantic import SecretStr

from addons.accounts.cooldown import Cooling
from addons.accounts.credential import Credential
from addons.accounts.outcome import CANCELLED, OK, Outcome, OutcomeKind, Scope
from addons.accounts.pool import Busy, Exhausted, Lease, Pool, Strategy, Ticket
from addons.accounts.state import MemoryState

LIMITED = Outcome(OutcomeKind.RATE_LIMITED, Scope.MODEL, 429, "slow down", 30.0)
LONGER = Outcome(OutcomeKind.RATE_LIMITED, Scope.MODEL, 429, "slow down", 900.0)
REFUSED = Outcome(OutcomeKind.UNAUTHORIZED, Scope.CREDENTIAL, 401, "bad key")
BROKEN = Outcome(OutcomeKind.TRANSIENT, Scope.MODEL, 500, "oops")


def credential(name: str, limit: int = 1, **more: int) -> Credential:
    secret = SecretStr("test-key-1")
    return Credential(name, "p", "pool", secret, "http://x", max_concurrency=limit, **more)  # type: ignore[arg-type]


def pool_of(names: str, limit: int = 1, state: MemoryState | None = None, **options: object) -> Pool:
    return Pool([credential(name, limit) for name in names], state=state, **options)  # type: ignore[arg-type]


def leased(answer: object) -> Lease:
    assert isinstance(answer, Lease)
    return answer


def busy(answer: object) -> Busy:
    assert isinstance(answer, Busy)
    return answer


class Caller:
    """A request that waits."""

    def __init__(self, pool: Pool, model: str = "m", among: str | None = None, **options: object) -> None:
        self.woken = 0
        names = None if among is None else frozenset(among)
        self.ticket = pool.wait(model, names, self.wake, **options)  # type: ignore[arg-type]

    def wake(self) -> None:
        self.woken += 1

    @property
    def got(self) -> str | None:
        """Whom it was given."""
        ticket = self.place
        return None if ticket.lease is None else ticket.lease.credential.id

    @property
    def place(self) -> Ticket:
        assert self.ticket is not None
        return self.ticket


# Busy.


def test_nobody_has_more_leases_out_than_it_may() -> None:
    pool = pool_of("ab", 2)
    assert [leased(pool.pick(0.0, "m")).credential.id for _ in range(4)] == ["a", "b", "a", "b"]
    assert busy(pool.pick(0.0, "m")) == Busy("pool", "m")
    assert busy(pool.pick(0.0, "other")) == Busy("pool", "other")


def test_a_limit_of_0_is_none() -> None:
    pool = pool_of("a", 0)
    assert all(isinstance(pool.pick(0.0, "m"), Lease) for _ in range(50))


def test_a_lower_priority_answers_where_the_higher_is_busy() -> None:
    pool = Pool([credential("low"), credential("high", priority=1)])
    assert [leased(pool.pick(0.0, "m")).credential.id for _ in range(2)] == ["high", "low"]


def test_busy_says_when_the_first_of_those_that_rest_is_back() -> None:
    pool = pool_of("abc")
    pool.give_back(leased(pool.pick(0.0, "m")), REFUSED, 0.0)
    pool.give_back(leased(pool.pick(0.0, "m")), LIMITED, 0.0)
    leased(pool.pick(0.0, "m"))
    assert busy(pool.pick(1.0, "m")).rests_end_s == 30.0


def test_waiting_for_a_healthy_one_is_better_than_borrowing_one_that_rests() -> None:
    pool = pool_of("ab")
    pool.give_back(leased(pool.pick(0.0, "m")), BROKEN, 0.0)
    healthy = leased(pool.pick(0.0, "m"))
    assert busy(pool.pick(1.0, "m", resting_too=True)).rests_end_s == 60.0
    assert leased(pool.pick(1.0, "m", tried={"b"}, resting_too=True)).credential.id == "a"
    pool.give_back(healthy, LIMITED, 1.0)
    assert isinstance(pool.pick(1.0, "m"), Exhausted)


def test_one_that_is_lent_keeps_to_its_limit_too() -> None:
    pool = pool_of("a")
    pool.give_back(leased(pool.pick(0.0, "m")), BROKEN, 0.0)
    lent = leased(pool.pick(1.0, "m", resting_too=True))
    assert isinstance(pool.pick(1.0, "m"), Exhausted)
    busy(pool.pick(1.0, "m", resting_too=True))
    caller = Caller(pool, resting_too=True)
    pool.give_back(lent, BROKEN, 2.0)
    assert caller.got == "a"


def test_who_was_tried_is_not_waited_for() -> None:
    pool = pool_of("a")
    leased(pool.pick(0.0, "m"))
    assert isinstance(pool.pick(0.0, "m", {"a"}), Exhausted)


# The line.


def test_the_first_in_line_is_served_first_and_no_newcomer_comes_before_it() -> None:
    pool = pool_of("a")
    lease = leased(pool.pick(0.0, "m"))
    first, second = Caller(pool), Caller(pool)
    pool.give_back(lease, OK, 1.0)
    assert (first.got, first.woken, second.got, second.woken) == ("a", 1, None, 0)
    busy(pool.pick(1.0, "m"))
    pool.give_back(first.place.lease, OK, 2.0)  # type: ignore[arg-type]
    assert (second.got, second.woken, first.woken) == ("a", 1, 1)


def test_a_lease_goes_to_the_first_whom_it_suits() -> None:
    pool = pool_of("ab")
    a, b = leased(pool.pick(0.0, "m")), leased(pool.pick(0.0, "m"))
    only_b, tried_a, any_one = Caller(pool, among="b"), Caller(pool, tried={"a"}), Caller(pool)
    pool.give_back(a, OK, 1.0)
    assert (only_b.got, tried_a.got, any_one.got) == (None, None, "a")
    pool.give_back(b, OK, 1.0)
    assert (only_b.got, tried_a.got) == ("b", None)


def test_the_line_is_bounded() -> None:
    pool = pool_of("a", queue_size=2)
    leased(pool.pick(0.0, "m"))
    callers = [Caller(pool) for _ in range(3)]
    assert [caller.ticket is None for caller in callers] == [False, False, True]
    callers[0].place.cancel(1.0)
    assert Caller(pool).ticket is not None
    assert pool_of("a", queue_size=0).wait("m", None, lambda: None) is None


def test_who_goes_away_leaves_the_line_or_hands_its_lease_on() -> None:
    pool = pool_of("a")
    lease = leased(pool.pick(0.0, "m"))
    gone, served, third = Caller(pool), Caller(pool), Caller(pool)
    gone.place.cancel(1.0)
    pool.give_back(lease, OK, 1.0)
    assert (gone.got, gone.woken, served.got) == (None, 0, "a")
    served.place.cancel(2.0)
    served.place.cancel(2.0)
    assert (third.got, pool.in_use("a")) == ("a", 1)
    pool.give_back(third.place.lease, OK, 3.0)  # type: ignore[arg-type]
    third.place.cancel(3.0)
    assert pool.in_use("a") == 0


def test_who_waits_for_nobody_any_more_is_told() -> None:
    pool = pool_of("a")
    lease = leased(pool.pick(0.0, "m"))
    caller, other = Caller(pool), Caller(pool, "other")
    pool.give_back(lease, LIMITED, 1.0)
    assert (caller.got, caller.woken, caller.place.waiting) == (None, 1, False)
    assert isinstance(pool.pick(1.0, "m"), Exhausted)
    assert other.got == "a"


def test_the_end_of_a_rest_serves_the_line_before_a_newcomer() -> None:
    pool = pool_of("ab")
    pool.give_back(leased(pool.pick(0.0, "m")), LIMITED, 0.0)
    leased(pool.pick(0.0, "m"))
    caller = Caller(pool)
    pool.serve(29.0)
    assert caller.got is None
    busy(pool.pick(30.0, "m"))
    assert caller.got == "a"


def test_a_person_wakes_a_credential_for_those_that_wait() -> None:
    pool = pool_of("ab")
    pool.give_back(leased(pool.pick(0.0, "m")), REFUSED, 0.0)
    pool.give_back(leased(pool.pick(60.0, "m", among=frozenset("a"))), LIMITED, 60.0)
    leased(pool.pick(60.0, "m"))
    caller = Caller(pool)
    pool.wake("a", "m")
    pool.serve(61.0)
    assert caller.got == "a"
    pool.give_back(caller.place.lease, REFUSED, 62.0)  # type: ignore[arg-type]
    pool.wake("a")
    assert leased(pool.pick(62.0, "m")).credential.id == "a"


def test_a_callback_may_ask_the_pool_again() -> None:
    pool = pool_of("a")
    lease = leased(pool.pick(0.0, "m"))
    second = Caller(pool)
    second.place.cancel(0.0)
    tickets: list[Ticket] = []

    def wake() -> None:
        tickets[0].cancel(1.0)
        tickets[1].cancel(1.0)

    for _ in range(2):
        ticket = pool.wait("m", None, wake)
        assert ticket is not None
        tickets.append(ticket)
    last = Caller(pool)
    pool.give_back(lease, OK, 1.0)
    assert (last.got, pool.in_use("a")) == ("a", 1)


# While the config is read again.


def test_those_that_wait_are_served_by_requests_of_the_new_config() -> None:
    state = MemoryState()
    old = pool_of("a", state=state)
    lease = leased(old.pick(0.0, "m"))
    caller = Caller(old)
    new = pool_of("ab", state=state)
    newcomer = leased(new.pick(1.0, "m"))
    assert newcomer.credential.id == "b"
    new.give_back(newcomer, OK, 2.0)
    assert caller.got is None  # It began before there was a `b`.
    old.give_back(lease, OK, 3.0)
    assert caller.got == "a"
    busy(new.pick(4.0, "m", among=frozenset("a")))


def test_a_higher_limit_serves_the_line_and_a_lower_one_waits_until_it_is_met() -> None:
    state = MemoryState()
    old = pool_of("a", 1, state)
    leases = [leased(old.pick(0.0, "m"))]
    first, second = Caller(old), Caller(old)
    pool_of("a", 3, state).serve(1.0)
    assert (first.got, second.got) == ("a", "a")
    lower = pool_of("a", 1, state)
    leases += [leased(one.place.lease) for one in (first, second)]
    for lease in leases[:2]:
        lower.give_back(lease, OK, 2.0)
        busy(lower.pick(2.0, "m"))
    lower.give_back(leases[2], OK, 3.0)
    leased(lower.pick(3.0, "m"))


def test_a_limit_that_has_gone_serves_the_line() -> None:
    state = MemoryState()
    old = pool_of("a", 1, state)
    leased(old.pick(0.0, "m"))
    caller = Caller(old)
    pool_of("a", 0, state).serve(1.0)
    assert caller.got == "a"


def test_a_credential_that_was_removed_still_serves_those_that_waited_for_it_within_its_limit() -> None:
    state = MemoryState()
    old = pool_of("a", 1, state)
    lease = leased(old.pick(0.0, "m"))
    caller, second = Caller(old), Caller(old)
    new = pool_of("b", 1, state)
    assert leased(new.pick(1.0, "m")).credential.id == "b"
    old.give_back(lease, OK, 2.0)
    assert (caller.got, second.got) == ("a", None)
    busy(old.pick(2.0, "m"))
    second.place.cancel(3.0)
    old.give_back(leased(caller.place.lease), OK, 3.0)
    assert (len(state.line), state.in_use("a")) == (0, 0)


def test_what_rests_and_who_is_busy_is_known_to_the_next_pool() -> None:
    state = MemoryState()
    old = pool_of("ab", state=state)
    old.give_back(leased(old.pick(0.0, "m")), LIMITED, 0.0)
    leased(old.pick(0.0, "m"))
    assert busy(pool_of("ab", state=state).pick(1.0, "m")).rests_end_s == 30.0


# Properties.


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 12))
def test_each_in_line_is_served_after_as_many_leases_as_stand_before_it(size: int, limit: int, waiting: int) -> None:
    pool = pool_of("abcd"[:size], limit)
    out = [leased(pool.pick(0.0, "m")) for _ in range(size * limit)]
    callers = [Caller(pool) for _ in range(waiting)]
    for number, caller in enumerate(callers):
        assert caller.got is None
        pool.give_back(out.pop(0), OK, 1.0)
        assert caller.got is not None
        assert [one.got is None for one in callers[number + 1 :]] == [True] * (waiting - number - 1)
        out.append(leased(caller.place.lease))


OUTCOMES = [OK, CANCELLED, LIMITED, LONGER, REFUSED, BROKEN]
AMONG: Sequence[str | None] = [None, "a", "bc"]


@dataclass(eq=False)
class Waiting:
    """A caller, and how many leases of those that it would take have been given back since it came."""

    caller: Caller
    among: str
    passed_over: int = 0


class AnyHistory(RuleBasedStateMachine):
    """Requests that overlap, wait, go away and fail, while the config changes."""

    def __init__(self) -> None:
        super().__init__()
        self.state = MemoryState()
        self.now_s = 1.0
        self.out: list[Lease] = []
        self.waiting: list[Waiting] = []
        self.limits: dict[str, int] = {}
        self.rests: dict[tuple[str, str], float] = {}
        self.the_config_is_read([1, 2, 0], "round-robin", True, 5)

    @rule(
        limits=st.lists(st.integers(0, 3), min_size=3, max_size=3),
        strategy=st.sampled_from(["round-robin", "weighted-round-robin", "fill-first"]),
        cooling=st.booleans(),
        queue_size=st.integers(0, 6),
    )
    def the_config_is_read(self, limits: list[int], strategy: Strategy, cooling: bool, queue_size: int) -> None:
        self.limits = dict(zip("abc", limits, strict=True))
        members = [credential(name, self.limits[name], priority=name == "a") for name in "abc"]
        self.queue_size = queue_size
        self.pool = Pool(members, strategy, Cooling(enabled=cooling), self.state, queue_size=queue_size)
        self.pool.serve(self.now_s)
        self._collect()

    @rule(passed_s=st.sampled_from([0.1, 1.0, 31.0, 700.0]))
    def time_passes(self, passed_s: float) -> None:
        self.now_s += passed_s
        self.pool.serve(self.now_s)
        self._collect()

    @rule(
        among=st.sampled_from(AMONG),
        model=st.sampled_from(["m", "n"]),
        tried=st.sets(st.sampled_from("abc")),
        resting_too=st.booleans(),
        bound=st.sampled_from([None, "a", "b", "x"]),
    )
    def a_request_asks(
        self, among: str | None, model: str, tried: set[str], resting_too: bool, bound: str | None
    ) -> None:
        names = None if among is None else frozenset(among)
        allowed = set(among or "abc") - tried
        resting = {one.credential for one in self.pool.blocked(self.now_s, model)}
        before = Counter(lease.credential.id for lease in self.out)
        free = {name for name in allowed - resting if not self.limits[name] or before[name] < self.limits[name]}
        answer = self.pool.pick(self.now_s, model, tried, names, resting_too=resting_too, bound=bound)
        self._collect()
        match answer:
            case Lease():
                self.out.append(answer)
                name = answer.credential.id
                assert name in allowed
                assert name in free or (resting_too and name in resting and not allowed - resting)
                assert name == bound or bound not in free
                assert name == "a" or "a" not in free or name == bound
            case Busy():
                assert not free
                if allowed - resting or resting_too:
                    self._wait(among, model, tried, resting_too)
            case Exhausted():
                assert not allowed - resting

    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES))
    def an_attempt_ends(self, data: st.DataObject, outcome: Outcome) -> None:
        if not self.out:
            return
        lease = self.out.pop(data.draw(st.integers(0, len(self.out) - 1)))
        self.pool.give_back(lease, outcome, self.now_s)
        if outcome is OK:
            self._forget(lease.credential.id)
        self._collect()

    @rule(data=st.data())
    def a_request_goes_away(self, data: st.DataObject) -> None:
        if self.waiting:
            one = self.waiting.pop(data.draw(st.integers(0, len(self.waiting) - 1)))
            one.caller.place.cancel(self.now_s)
            assert one.caller.woken == 0
            self._collect()

    @rule(name=st.sampled_from("abc"), model=st.sampled_from(["", "m"]))
    def a_person_wakes_one(self, name: str, model: str) -> None:
        self.pool.wake(name, model)
        self.pool.serve(self.now_s)
        self._forget(name)
        self._collect()

    @invariant()
    def every_lease_is_counted(self) -> None:
        out = Counter(lease.credential.id for lease in self.out)
        assert {name: self.pool.in_use(name) for name in "abc"} == {name: out[name] for name in "abc"}
        assert len(self.state.line) == len(self.waiting)

    @invariant()
    def nobody_in_line_is_passed_over(self) -> None:
        """Whoever still waits has nobody free to have: so no lease that suits it went to one that came later."""
        for one in self.waiting:
            place = one.caller.place
            assert place.waiting
            assert isinstance(place.ask(self.now_s), Busy)

    @invariant()
    def rests_end_early_only_by_a_person_or_a_success(self) -> None:
        now = {
            (one.credential, one.model): one.until_s
            for model in ("", "m", "n")
            for one in self.pool.blocked(self.now_s, model)
        }
        known = {(name, about): rest for name in "abc" for about, rest in self.state.rests(name).items()}
        for about, until_s in self.rests.items():
            if until_s > self.now_s:
                assert known[about].until_s >= until_s
        assert all(known[about].until_s == until_s for about, until_s in now.items())
        for model in ("m", "n"):
            resting = {
                name for name, about in known if about in ("", model) and known[name, about].until_s > self.now_s
            }
            assert {one.credential for one in self.pool.blocked(self.now_s, model)} == resting
        self.rests = {about: rest.until_s for about, rest in known.items()}

    def teardown(self) -> None:
        """However it went: when all is given back nobody is in use, and nobody waits."""
        while self.out or self.waiting:
            for lease in self.out:
                self.pool.give_back(lease, CANCELLED, self.now_s)
            self.out.clear()
            self._collect()
            if not self.out:
                assert not self.waiting, "all is given back, and still somebody waits"
        assert [self.pool.in_use(name) for name in "abc"] == [0, 0, 0]

    def _wait(self, among: str | None, model: str, tried: set[str], resting_too: bool) -> None:
        caller = Caller(self.pool, model, among, tried=tried, resting_too=resting_too)
        if caller.ticket is None:
            assert len(self.waiting) >= self.queue_size
        else:
            self.waiting.append(Waiting(caller, among or "abc"))

    def _collect(self) -> None:
        """Who was called takes its lease."""
        for one in list(self.waiting):
            if one.caller.woken:
                assert one.caller.woken == 1
                self.waiting.remove(one)
                if one.caller.place.lease is not None:
                    self.out.append(one.caller.place.lease)

    def _forget(self, name: str) -> None:
        self.rests = {about: until_s for about, until_s in self.rests.items() if about[0] != name}


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
