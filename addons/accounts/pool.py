"""Who answers next: the credentials of one pool. Pure decisions, the clock is passed in."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Final

from addons.accounts.cooldown import DEFAULT_COOLING, Cooling, Rest, rest_after
from addons.accounts.credential import Credential
from addons.accounts.lease import Blocked, Busy, Exhausted, Lease, Strategy
from addons.accounts.line import Ticket
from addons.accounts.outcome import Outcome, OutcomeKind, Scope
from addons.accounts.seats import WHOLE, Seats
from addons.accounts.state import MemoryState, PoolState
from addons.accounts.turns import lowest

__all__ = ["Blocked", "Busy", "Exhausted", "Lease", "Pool", "Strategy", "Ticket"]

QUEUE_SIZE: Final = 100


class Pool:
    """The credentials of one pool.

    Only the highest priority that has someone free is used. round-robin: a turn for each model, so each request begins
    with the next credential; its further attempts do not move the turn. weighted-round-robin: the same by weight, and
    who weighs 0 or less is never used. fill-first: the first until it rests.

    Several pools may share a state: those made before and after a change of the config, while requests of both run.
    Limits are those of the pool made last.
    """

    def __init__(
        self,
        credentials: Sequence[Credential],
        strategy: Strategy = "round-robin",
        cooling: Cooling = DEFAULT_COOLING,
        state: PoolState | None = None,
        *,
        request_retry: int = 0,
        queue_size: int = QUEUE_SIZE,
    ) -> None:
        self.name = credentials[0].pool if credentials else ""
        self._fill_first = strategy == "fill-first"
        self._seats = Seats(credentials, request_retry, weighted=strategy == "weighted-round-robin")
        self._cooling: Mapping[bool | None, Cooling] = {
            None: cooling,
            True: replace(cooling, enabled=True),
            False: replace(cooling, enabled=False),
        }
        self._queue_size = queue_size
        self._state: PoolState = MemoryState() if state is None else state
        self._state.watch(self._seats)
        self._state.limit({one.id: one.max_concurrency for one in credentials})

    def pick(
        self,
        now_s: float,
        model: str,
        tried: Set[str] = frozenset(),
        among: frozenset[str] | None = None,
        *,
        resting_too: bool = False,
        retry_round: int = 0,
        bound: str | None = None,
    ) -> Lease | Busy | Exhausted:
        """Someone for one attempt. Those who wait in line come first.

        `tried`: the credentials that this request has tried in this round. `among`: those that serve the model; None:
        all. `retry_round`: only those whose own request-retry is at least that. `bound`: who is to be preferred to all
        others, if it may be picked. `resting_too`: where nobody is healthy, one that rests only after transient errors
        may be used, the one that recovers soonest, so that a fault that passes never shuts the last door. Waiting for
        a healthy one that is busy is better than that, so then the answer is Busy.
        """
        self.serve(now_s)
        return self._pick(now_s, model, tried, among, resting_too, retry_round, bound)

    def wait(
        self,
        model: str,
        among: frozenset[str] | None,
        wake: Callable[[], None],
        *,
        tried: Set[str] = frozenset(),
        retry_round: int = 0,
        resting_too: bool = False,
    ) -> Ticket | None:
        """A place in the line, for a request that was told Busy just now; None where the line is full.

        `wake` is called once, from within some other call to the pool. Where Busy names an end of rests, serve() is to
        be called then: nobody else may come by at that time.
        """
        line = self._state.line
        if len(line) >= self._queue_size:
            return None
        tried = frozenset(tried)

        def ask(now_s: float) -> Lease | Busy | Exhausted:
            return self._pick(now_s, model, tried, among, resting_too, retry_round, None)

        wish = (id(self), model, tried, among, resting_too, retry_round)
        ticket = Ticket(wish, ask, self.give_back, wake, line)
        line.join(ticket)
        return ticket

    def serve(self, now_s: float) -> None:
        """Hands to those in line what has become free: by time, by a change of the config, or because of a person."""
        self._state.advance(now_s)
        self._state.line.serve(now_s)

    def give_back(self, lease: Lease, outcome: Outcome, now_s: float) -> None:
        """The attempt has ended. A second time has no effect: the first outcome stands."""
        if lease.returned:
            return
        lease.returned = True
        self._state.advance(now_s)
        self._learn(lease, outcome, now_s)  # Before it is free again: it may rest now.
        self._state.release(lease.credential.id)
        self._state.line.serve(now_s)

    def wake(self, credential: str, model: str = WHOLE) -> None:
        """A person ends a credential's rest with regard to a model, or all its rests. Then serve() is to be called."""
        for about in [model] if model else list(self._state.rests(credential)):
            self._state.wake(credential, about)

    def blocked(self, now_s: float, model: str = WHOLE) -> tuple[Blocked, ...]:
        """Who rests, for people: as a whole, and with regard to a model where one is named."""
        self._state.advance(now_s)
        return self._blocked(self._seats.everybody, model, now_s)

    def in_use(self, credential: str) -> int:
        """Leases of it that are out."""
        return self._state.in_use(credential)

    def weight(self, among: frozenset[str] | None) -> int:
        """The sum of the weights of those who may answer at all, whether they rest or not."""
        return self._seats.weight(among)

    def _pick(
        self,
        now_s: float,
        model: str,
        tried: Set[str],
        among: frozenset[str] | None,
        resting_too: bool,
        retry_round: int,
        bound: str | None,
    ) -> Lease | Busy | Exhausted:
        seats = self._seats
        whole, of_model = seats.resting(WHOLE), seats.resting(model)
        allowed = seats.allowed(among, retry_round)
        untried = allowed & ~seats.mask(tried) if tried else allowed
        healthy = untried & ~(whole.mask | of_model.mask)
        free = healthy & ~seats.full
        if free:
            return self._lease(self._choose(free, model, bound, moving=not tried), model, now_s)
        if healthy:
            return self._busy(untried & ~healthy, model)
        if resting_too and (passing := untried & ~(whole.hard | of_model.hard)):
            lendable = passing & ~seats.full
            if not lendable:
                return self._busy(untried & ~passing, model)
            tier = seats.tier_at[lowest(lendable)]
            return self._lease(seats.first_back(lendable & tier.mask, model)[1], model, now_s)
        return self._exhausted(allowed, model, now_s)

    def _choose(self, free: int, model: str, bound: str | None, *, moving: bool) -> int:
        if bound is not None:
            place = self._seats.place.get(bound)
            if place is not None and free >> place & 1:
                return place
        first = lowest(free)
        if self._fill_first:
            return first
        tier = self._seats.tier_at[first]
        return self._state.turns.next((model, tier.priority), tier.shares, free & tier.mask, moving=moving)

    def _lease(self, place: int, model: str, now_s: float) -> Lease:
        credential = self._seats.credentials[place]
        self._state.occupy(credential.id)
        return Lease(credential, model, now_s)

    def _busy(self, resting: int, model: str) -> Busy:
        return Busy(self.name, model, self._seats.first_back(resting, model)[0] if resting else None)

    def _exhausted(self, allowed: int, model: str, now_s: float) -> Exhausted:
        seats = self._seats
        resting = allowed & (seats.resting(WHOLE).mask | seats.resting(model).mask)
        if not allowed:
            retry_at_s = None
        elif resting != allowed:  # Somebody was tried, but does not rest.
            retry_at_s = now_s
        else:
            retry_at_s = seats.first_back(resting, model)[0]
        return Exhausted(self.name, model, retry_at_s, lambda: self._blocked(allowed, model, now_s))

    def _blocked(self, allowed: int, model: str, now_s: float) -> tuple[Blocked, ...]:
        seats = self._seats
        resting = allowed & (seats.resting(WHOLE).mask | seats.resting(model).mask)
        blocked: list[Blocked] = []
        for credential in seats.members(resting):
            rests = self._state.rests(credential.id)
            about, rest = WHOLE, rests.get(WHOLE)
            of_model = rests.get(model)
            if of_model is not None and (rest is None or of_model.until_s > rest.until_s):
                about, rest = model, of_model
            if rest is not None and rest.until_s > now_s:
                blocked.append(_told(credential, about, rest))
        return tuple(blocked)

    def _learn(self, lease: Lease, outcome: Outcome, now_s: float) -> None:
        """What the outcome says of the credential: it begins a rest, or ends those that it disproves."""
        credential = lease.credential
        rests = self._state.rests(credential.id)
        if outcome.kind is OutcomeKind.OK:
            for about in (lease.model, WHOLE):
                if about in rests and rests[about].since_s < lease.since_s:
                    self._state.wake(credential.id, about)
            return
        about = WHOLE if outcome.scope is Scope.CREDENTIAL else lease.model
        last = rests.get(about)
        rest = rest_after(outcome, last, now_s, self._cooling[credential.cooling])
        if rest is not None and rest is not last:
            self._state.rest(credential.id, about, rest)


def _told(credential: Credential, about: str, rest: Rest) -> Blocked:
    return Blocked(
        credential.id, credential.short, rest.kind, rest.message, rest.until_s, about, rest.hinted_s, rest.status
    )
