"""Who answers next: the credentials of one pool. Pure decisions, the clock is passed in."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import chain, filterfalse
from typing import Final, Literal

from addons.accounts.cooldown import DEFAULT_COOLING, Cooling, Rest, rest_after
from addons.accounts.credential import Credential
from addons.accounts.outcome import Outcome, OutcomeKind, Scope
from addons.accounts.state import WHOLE, MemoryState, PoolState

type Strategy = Literal["round-robin", "weighted-round-robin", "fill-first"]

_CACHED_TIERS: Final = 256


@dataclass(slots=True, eq=False)
class Lease:
    """A credential for one attempt. It must be given back with how the attempt ended, once."""

    credential: Credential
    model: str
    since_s: float
    returned: bool = False


@dataclass(frozen=True, slots=True)
class Blocked:
    """A credential that rests. `model`: what of it, "" for the whole. `hinted_s`: the vendor's own word for the end."""

    credential: str
    short: str
    kind: OutcomeKind
    message: str
    until_s: float
    model: str = WHOLE
    hinted_s: float | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Exhausted:
    """Nobody may be picked. `retry_at_s`: when the first may be; None where the pool has nobody for this at all."""

    pool: str
    model: str
    blocked: tuple[Blocked, ...]
    retry_at_s: float | None


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody could answer and does not rest, but has all the leases out that it may have (max_concurrency).

    `rests_end_s`: when the first of those that rest may be picked; None where nobody rests.
    """

    pool: str
    model: str
    rests_end_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Tier:
    """Credentials of one priority, in the order of the config."""

    priority: int
    ids: tuple[str, ...]


class Pool:
    """The credentials of one pool.

    Only the highest priority that has someone free is used. round-robin: a cursor for each model, so each request
    begins with the next credential; its further attempts do not move the cursor. fill-first: the first until it rests.
    """

    def __init__(
        self,
        credentials: Sequence[Credential],
        strategy: Strategy = "round-robin",
        cooling: Cooling = DEFAULT_COOLING,
        state: PoolState | None = None,
    ) -> None:
        self.name = credentials[0].pool if credentials else ""
        self._credentials = {credential.id: credential for credential in credentials}
        self._fill_first = strategy == "fill-first"
        self._cooling = cooling
        self._state = MemoryState() if state is None else state
        self._tiers: dict[Set[str] | None, tuple[_Tier, ...]] = {}

    def pick(
        self,
        now_s: float,
        model: str,
        tried: Set[str] = frozenset(),
        among: frozenset[str] | None = None,
        *,
        resting_too: bool = True,
    ) -> Lease | Exhausted:
        """Someone for one attempt.

        `tried`: the credentials that this request has tried in this round. `among`: those that serve the model; None:
        all. `resting_too`: where nobody is free, one that rests only after transient errors may be used, the one that
        recovers soonest, so that a fault that passes never shuts the last door. Without it the caller may wait.
        """
        tiers = self._tiers_of(among)
        whole, of_model = self._state.resting(WHOLE, now_s), self._state.resting(model, now_s)
        for tier in tiers:
            turn = 0 if self._fill_first else self._state.turn((model, tier.priority)) % len(tier.ids)
            order: Iterator[str] = chain(tier.ids[turn:], tier.ids[:turn]) if turn else iter(tier.ids)
            if whole:
                order = filterfalse(whole.__contains__, order)
            if of_model:
                order = filterfalse(of_model.__contains__, order)
            for credential in order:
                if credential not in tried:
                    if not tried and not self._fill_first:
                        self._pass_turn(model, tier, turn, credential)
                    return self._lease(credential, model, now_s)
        if resting_too:
            soonest = self._soonest_transient(tiers, model, tried, now_s)
            if soonest is not None:
                return self._lease(soonest, model, now_s)
        return self._exhausted(tiers, model, now_s)

    def give_back(self, lease: Lease, outcome: Outcome, now_s: float) -> None:
        """The attempt has ended. A second time has no effect: the first outcome stands."""
        if lease.returned:
            return
        lease.returned = True
        credential = lease.credential.id
        self._state.release(credential)
        if outcome.kind is OutcomeKind.OK:
            self._succeeded(lease)
            return
        about = WHOLE if outcome.scope is Scope.CREDENTIAL else lease.model
        last = self._state.last(credential, about)
        rest = rest_after(outcome, last, now_s, self._cooling)
        if rest is not None and rest is not last:
            self._state.rest(credential, about, rest)

    def blocked(self, now_s: float, model: str = WHOLE) -> tuple[Blocked, ...]:
        """Who rests, for people: as a whole, and with regard to a model where one is named."""
        return self._exhausted(self._tiers_of(None), model, now_s).blocked

    def in_use(self, credential: str) -> int:
        """Leases of it that are out."""
        return self._state.in_use(credential)

    def _lease(self, credential: str, model: str, now_s: float) -> Lease:
        self._state.occupy(credential)
        return Lease(self._credentials[credential], model, now_s)

    def _pass_turn(self, model: str, tier: _Tier, turn: int, picked: str) -> None:
        """The next request begins behind the one that was picked."""
        size = len(tier.ids)
        if tier.ids[turn] != picked:
            turn = tier.ids.index(picked)
        self._state.set_turn((model, tier.priority), (turn + 1) % size)

    def _succeeded(self, lease: Lease) -> None:
        """Ends the rests that this success disproves: those that began before its attempt did."""
        for about in (lease.model, WHOLE):
            rest = self._state.last(lease.credential.id, about)
            if rest is not None and rest.since_s < lease.since_s:
                self._state.wake(lease.credential.id, about)

    def _soonest_transient(self, tiers: Sequence[_Tier], model: str, tried: Set[str], now_s: float) -> str | None:
        """Who recovers first of those that rest only after transient errors, in the highest priority that has one."""
        whole, of_model = self._state.resting(WHOLE, now_s), self._state.resting(model, now_s)
        for tier in tiers:
            candidates: list[tuple[float, int, str]] = []
            for place, credential in enumerate(tier.ids):
                rests = [rest for rest in (whole.get(credential), of_model.get(credential)) if rest is not None]
                if credential not in tried and all(rest.kind is OutcomeKind.TRANSIENT for rest in rests):
                    candidates.append((max(rest.until_s for rest in rests), place, credential))
            if candidates:
                return min(candidates)[2]
        return None

    def _exhausted(self, tiers: Sequence[_Tier], model: str, now_s: float) -> Exhausted:
        whole, of_model = self._state.resting(WHOLE, now_s), self._state.resting(model, now_s)
        blocked: list[Blocked] = []
        retry_at_s: float | None = None
        for credential in (credential for tier in tiers for credential in tier.ids):
            one = self._blocked(credential, model, whole.get(credential), of_model.get(credential))
            if one is not None:
                blocked.append(one)
            free_s = now_s if one is None else one.until_s
            retry_at_s = free_s if retry_at_s is None else min(retry_at_s, free_s)
        return Exhausted(self.name, model, tuple(blocked), retry_at_s)

    def _blocked(self, credential: str, model: str, whole: Rest | None, of_model: Rest | None) -> Blocked | None:
        """The longer of its rests."""
        if whole is None and of_model is None:
            return None
        rest, about = of_model, model
        if rest is None or (whole is not None and whole.until_s >= rest.until_s):
            rest, about = whole, WHOLE
        assert rest is not None
        return Blocked(
            credential=credential,
            short=self._credentials[credential].short,
            kind=rest.kind,
            message=rest.message,
            until_s=rest.until_s,
            model=about,
            hinted_s=rest.hinted_s,
            status=rest.status,
        )

    def _tiers_of(self, among: frozenset[str] | None) -> tuple[_Tier, ...]:
        tiers = self._tiers.get(among)
        if tiers is None:
            if len(self._tiers) >= _CACHED_TIERS:
                self._tiers.clear()
            tiers = self._tiers[among] = self._make_tiers(among)
        return tiers

    def _make_tiers(self, among: frozenset[str] | None) -> tuple[_Tier, ...]:
        members = [one for one in self._credentials.values() if among is None or one.id in among]
        priorities = sorted({one.priority for one in members}, key=lambda priority: -priority)
        return tuple(
            _Tier(priority, tuple(one.id for one in members if one.priority == priority)) for priority in priorities
        )
