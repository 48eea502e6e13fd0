"""Who is asked next: the candidates of a request in tiers, and rounds of attempts over them. No I/O, the clock is
passed in.

A round tries each credential at most once. Only when nobody in a whole tier is free does the next one compete, and only
when nobody in any tier is healthy may one be borrowed that rests after a fault that passes. Within a tier the first
candidate rotates from request to request, and a further attempt goes on behind the last one: so a vendor that is down
does not use up the attempts, however many credentials it has. fill-first stays with the first that is left.

Another round (`request-retry`) is CLIProxyAPI's, with two differences. It is opened where any attempt of the round
failed in a way that may pass, not only the last one: which one is last is chance. And one is borrowed in the first
round only: later rounds wait, at most `max-retry-interval`, for one that has recovered.

A stream has more rounds (`streaming.bootstrap-retries`), in which everybody takes part, before those of request-retry.
In CLIProxyAPI they are for a stream that fails before its first piece, and here every stream that may still fail over
is one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from addons.accounts.outcome import CANCELLED, Outcome, OutcomeKind
from addons.accounts.pool import Busy, Exhausted, Lease, Pool
from addons.accounts.rotation import Rotation
from addons.route import Candidate, Tier
from addons.settings import Settings

MAX_ATTEMPTS: Final = 32
COUNTS: Final = 3
"""After so many attempts a count is estimated: where one server can't count, its other keys can't either."""
COUNTED: Final = " (tokens counted)"
JITTER: Final = 0.25
MOST_JITTER_S: Final = 2.0
EARLY_S: Final = 0.05

_NOBODY: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is."""

    candidate: Candidate
    lease: Lease


@dataclass(frozen=True, slots=True)
class Crowd:
    """Nobody is free, but these have somebody who is healthy and only busy.

    `wake_s`: when the first of those that rest may be asked. `resting_too`: who is busy rests too, and would be
    borrowed.
    """

    busy: tuple[Candidate, ...]
    wake_s: float | None
    resting_too: bool


@dataclass(frozen=True, slots=True)
class Preferred:
    """The credential of a candidate that the request's session is bound to."""

    candidate: Candidate
    credential: str


class Shares:
    """The pools, and how requests are shared out among them: what all requests of one config have in common."""

    def __init__(self, pools: Mapping[str, Pool], settings: Settings, rotation: Rotation) -> None:
        self.pools = pools
        self.settings = settings
        self._rotation = rotation
        self._weights: dict[tuple[str, frozenset[str]], int] = {}

    @property
    def fill_first(self) -> bool:
        """Whether a request stays with the first that is left."""
        return self.settings.routing.strategy == "fill-first"

    def order(self, model: str, tier: Tier) -> list[Candidate]:
        """A tier's candidates in the order in which this request tries them. Each call is a request."""
        if len(tier) < 2:
            return list(tier)
        names = [f"{candidate.pool}\0{candidate.model}" for candidate in tier]
        weights = [self._weight(candidate) for candidate in tier]
        return [
            tier[place]
            for place in self._rotation.order(f"{model}\0{tier[0].priority}\0{tier[0].model}", names, weights)
        ]

    def _weight(self, candidate: Candidate) -> int:
        key = (candidate.pool, candidate.credentials)
        weight = self._weights.get(key)
        if weight is None:  # As many as the config has entries.
            weight = self._weights[key] = self.pools[candidate.pool].weight(candidate.credentials)
        return weight


class Rounds:
    """The rounds of one request. `model`: as the client asked for it. `stream`: whether it wants one. `counts`: its
    tokens are to be counted, which is less urgent."""

    def __init__(
        self,
        model: str,
        tiers: Sequence[Tier],
        shares: Shares,
        preferred: Preferred | None = None,
        *,
        stream: bool = False,
        counts: bool = False,
    ) -> None:
        self.number = 0
        self._most = COUNTS if counts else MAX_ATTEMPTS
        self._counts = counts
        self._model = model
        self._tiers = tiers
        self._shares = shares
        self._pools = shares.pools
        self._settings = shares.settings
        self._more = shares.settings.streaming.bootstrap_retries if stream else 0
        self._preferred = preferred
        self._orders: dict[int, list[Candidate]] = {}  # tier -> its candidates, the next one first
        self._tried: dict[tuple[str, str], set[str]] = {}
        self._attempts = 0
        self._attempts_in_round = 0
        self._may_pass = False

    @property
    def retry_round(self) -> int:
        """Only credentials whose own request-retry is at least that take part in this round."""
        return max(0, self.number - self._more)

    def pick(self, now_s: float) -> Turn | Crowd | None:
        """Whose turn it is now; None where this round has nobody left."""
        most = self._settings.max_retry_credentials or self._most
        if self._attempts_in_round >= most or self._attempts >= self._most:
            return None
        found = self._pick_preferred(now_s) or self._pick(now_s, resting_too=False)
        if found is None and not self.number and not self._counts:
            return self._pick(now_s, resting_too=True)
        return found

    def begin(self, turn: Turn) -> None:
        """An attempt begins."""
        candidate = turn.candidate
        self._tried.setdefault((candidate.pool, candidate.model), set()).add(turn.lease.credential.id)
        self._attempts += 1
        self._attempts_in_round += 1
        if self._shares.fill_first:
            return
        for order in self._orders.values():
            if candidate in order:
                place = order.index(candidate) + 1
                order[:] = order[place:] + order[:place]

    def drop(self, candidate: Candidate) -> None:
        """This one is of no use to the request."""
        self._tiers = [tuple(one for one in tier if one is not candidate) for tier in self._tiers]
        for order in self._orders.values():
            order[:] = [one for one in order if one is not candidate]

    def failed(self, outcome: Outcome) -> None:
        """An attempt of this round has failed."""
        self._may_pass = self._may_pass or may_pass(outcome)

    def another(self, now_s: float, random: Callable[[], float]) -> float | None:
        """Opens another round; how many seconds to wait before it. None where there is none.

        A little longer than the first to recover needs, so that those who wait for it do not all come at once.
        """
        if self._attempts >= self._most or not (self._may_pass or not self._attempts_in_round):
            return None
        if self.number and not self._attempts_in_round:
            wait_s = self._wait_s(now_s, self.retry_round)
            if wait_s is not None and 0 < wait_s < EARLY_S:
                return wait_s  # The timer of this round's own wait was a little early.
        wait_s = self._wait_s(now_s, max(0, self.number + 1 - self._more))
        longest_s = max(0.0, self._settings.max_retry_interval)
        if wait_s is None or wait_s > longest_s:
            return None
        self.number += 1
        self._attempts_in_round = 0
        self._may_pass = False
        self._tried.clear()
        return min(wait_s + random() * min(JITTER * wait_s, MOST_JITTER_S), longest_s)

    def tried(self, candidate: Candidate) -> frozenset[str]:
        """The credentials that this round has tried for a candidate."""
        return frozenset(self._tried.get((candidate.pool, candidate.model), _NOBODY))

    def exhausted(self, now_s: float, retry_round: int = 0) -> list[Exhausted]:
        """Of each candidate: who rests, and when the first may be asked, as if all had been tried."""
        found: list[Exhausted] = []
        for candidate in (candidate for tier in self._tiers for candidate in tier):
            nobody = self._pools[candidate.pool].pick(
                now_s, self._wanted(candidate), candidate.credentials, candidate.credentials, retry_round=retry_round
            )
            assert isinstance(nobody, Exhausted)
            found.append(nobody)
        return found

    def _wait_s(self, now_s: float, retry_round: int) -> float | None:
        """Until the first is free of those whom a round admits; None where it admits nobody."""
        free_s = [one.retry_at_s for one in self.exhausted(now_s, retry_round) if one.retry_at_s is not None]
        return max(0.0, min(free_s) - now_s) if free_s else None

    def _pick_preferred(self, now_s: float) -> Turn | None:
        """The session's own credential, whatever its priority; None where it is not free."""
        preferred = self._preferred
        if preferred is None:
            return None
        self._preferred = None  # Once: if it fails, or is not free, another one takes the session over.
        candidate = preferred.candidate
        pool = self._pools[candidate.pool]
        wanted = self._wanted(candidate)
        picked = pool.pick(now_s, wanted, _NOBODY, candidate.credentials, bound=preferred.credential)
        if not isinstance(picked, Lease):
            return None
        if picked.credential.id != preferred.credential and candidate not in self._tiers[0]:
            pool.give_back(picked, CANCELLED, now_s)
            return None
        return Turn(candidate, picked)

    def _pick(self, now_s: float, *, resting_too: bool) -> Turn | Crowd | None:
        busy: list[Candidate] = []
        wake_s: float | None = None
        for tier in range(len(self._tiers)):
            for candidate in self._order(tier):
                picked = self._pools[candidate.pool].pick(
                    now_s,
                    self._wanted(candidate),
                    self._tried.get((candidate.pool, candidate.model), _NOBODY),
                    candidate.credentials,
                    resting_too=resting_too,
                    retry_round=self.retry_round,
                )
                if isinstance(picked, Lease):
                    return Turn(candidate, picked)
                if isinstance(picked, Busy):
                    busy.append(candidate)
                free_s = picked.rests_end_s if isinstance(picked, Busy) else picked.retry_at_s
                if free_s is not None and free_s > now_s:
                    wake_s = free_s if wake_s is None else min(wake_s, free_s)
        return Crowd(tuple(busy), wake_s, resting_too) if busy else None

    def _wanted(self, candidate: Candidate) -> str:
        """What the pool gives, and rests. Vendors limit counting by itself, and not every server can count: the model
        does not rest with it."""
        return candidate.model + COUNTED if self._counts else candidate.model

    def _order(self, tier: int) -> list[Candidate]:
        """Its turn moves when the tier is first needed."""
        order = self._orders.get(tier)
        if order is None:
            order = self._orders[tier] = self._shares.order(self._model, self._tiers[tier])
        return order


def may_pass(outcome: Outcome) -> bool:
    """Whether asking again may help: 403, 408, 429, 5xx, and what broke below HTTP. Source: CLIProxyAPI."""
    match outcome.kind:
        case OutcomeKind.TRANSIENT | OutcomeKind.RATE_LIMITED:
            return True
        case OutcomeKind.FORBIDDEN:
            return outcome.status == 403
        case _:
            return False
