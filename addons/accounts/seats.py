"""Who of a pool may be picked, as bit masks.

Every credential of a pool has a place: those of the highest priority first, then in the order of the config. A set of
credentials is an int with a bit for each place, so that a thousand of them are weighed in a few operations, whoever
rests. The masks follow the pool's state, which tells of each change (state.Watcher).
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from itertools import compress
from typing import Final

from addons.accounts.cooldown import Rest
from addons.accounts.credential import Credential
from addons.accounts.outcome import OutcomeKind
from addons.accounts.turns import Sharing, lowest, sharing

WHOLE: Final = ""
"""In place of a model: the whole credential."""

_CACHED: Final = 256
_FEW: Final = 64
_ONE: Final = ord("1")


@dataclass(frozen=True, slots=True)
class Tier:
    """Credentials of one priority. Their places are neighbours."""

    priority: int
    mask: int
    shares: Sharing


@dataclass(slots=True)
class Resting:
    """Who rests with regard to one model, or as a whole. `hard`: those whose rest is not for a fault that passes.

    `ends`: all of them in the order in which they come back.
    """

    mask: int = 0
    hard: int = 0
    until_s: dict[int, float] = field(default_factory=dict)
    ends: list[tuple[float, int]] = field(default_factory=list)

    def add(self, place: int, rest: Rest) -> None:
        """Begins a rest, or changes it."""
        self.remove(place)
        self.mask |= 1 << place
        if rest.kind is not OutcomeKind.TRANSIENT:
            self.hard |= 1 << place
        self.until_s[place] = rest.until_s
        insort(self.ends, (rest.until_s, place))

    def remove(self, place: int) -> None:
        """Ends a rest; nothing where there is none."""
        until_s = self.until_s.pop(place, None)
        if until_s is not None:
            self.mask &= ~(1 << place)
            self.hard &= ~(1 << place)
            del self.ends[bisect_left(self.ends, (until_s, place))]


NOBODY: Final = Resting()


class Seats:
    """The credentials of one pool by place, and who of them is away.

    `everybody`: those that the strategy uses at all. `full`: who has all the leases out that it may have.
    """

    def __init__(self, credentials: Sequence[Credential], request_retry: int, *, weighted: bool) -> None:
        self.credentials: Final = tuple(sorted(credentials, key=lambda one: -one.priority))  # a stable sort
        self.place: Final = {credential.id: place for place, credential in enumerate(self.credentials)}
        self.full = 0
        self._bits = {credential.id: 1 << place for place, credential in enumerate(self.credentials)}
        self._ids = frozenset(self._bits)
        self._digits = {credential.id: place for place, credential in enumerate(reversed(self.credentials))}
        self._retries = [request_retry if one.request_retry is None else one.request_retry for one in self.credentials]
        self.everybody = sum(1 << place for place, one in enumerate(self.credentials) if one.weight > 0 or not weighted)
        self.tier_at: Final = self._tiers(weighted=weighted)
        self._resting: dict[str, Resting] = {}
        self._weights: dict[Set[str] | None, int] = {}
        self._allowed: dict[tuple[Set[str] | None, int], int] = {}

    def mask(self, ids: Set[str]) -> int:
        """Those of these ids that are in the pool."""
        if len(ids) * 2 > len(self._ids) and len(ids) > _FEW:
            return (1 << len(self.credentials)) - 1 & ~self._mask(self._ids - ids)
        return self._mask(ids)

    def members(self, mask: int) -> Iterable[Credential]:
        """Those of the mask, the highest priority first."""
        flags = map(int, reversed(f"{mask:b}"))  # Faster than a shift of the whole mask for each place.
        return compress(self.credentials, flags)

    def allowed(self, among: frozenset[str] | None, retry_round: int) -> int:
        """Who may answer at all, in this round."""
        known = self._allowed.get((among, retry_round))
        if known is None:
            if len(self._allowed) >= _CACHED:
                self._allowed.clear()
            known = self.everybody if among is None else self.everybody & self.mask(among)
            known &= sum(1 << place for place, retry in enumerate(self._retries) if retry_round <= max(retry, 0))
            self._allowed[among, retry_round] = known
        return known

    def weight(self, among: frozenset[str] | None) -> int:
        """The sum of their weights, of those that have one."""
        known = self._weights.get(among)
        if known is None:
            if len(self._weights) >= _CACHED:
                self._weights.clear()
            mask = self.allowed(among, 0)
            known = sum(one.weight for one in self.members(mask) if one.weight > 0)
            self._weights[among] = known
        return known

    def resting(self, about: str) -> Resting:
        """Who rests with regard to a model, or as a whole. Not to be changed."""
        return self._resting.get(about, NOBODY)

    def first_back(self, mask: int, model: str) -> tuple[float, int]:
        """Who of these comes back first, and when; each of them rests. The mask is not 0."""
        whole, of_model = self.resting(WHOLE), self.resting(model)
        best = (float("inf"), -1)
        if mask.bit_count() <= _FEW:
            while mask:
                place = lowest(mask)
                mask &= mask - 1
                best = min(best, (_end(place, whole, of_model), place))
            return best
        for ends in (whole.ends, of_model.ends):
            for until_s, place in ends:
                if until_s > best[0]:
                    break
                if mask >> place & 1:
                    best = min(best, (_end(place, whole, of_model), place))
        return best

    # What the state tells.

    def rested(self, credential: str, about: str, rest: Rest | None) -> None:
        """A rest has begun or was changed; None: it has ended."""
        place = self.place.get(credential)
        if place is None:
            return
        resting = self._resting.get(about)
        if rest is not None:
            if resting is None:
                resting = self._resting[about] = Resting()
            resting.add(place, rest)
        elif resting is not None:
            resting.remove(place)
            if not resting.mask:
                del self._resting[about]

    def filled(self, credential: str, full: bool) -> None:
        """All the leases of a credential are out, or no longer."""
        bit = self._bits.get(credential, 0)
        self.full = self.full | bit if full else self.full & ~bit

    def _mask(self, ids: Set[str]) -> int:
        if len(ids) <= _FEW:
            mask = 0
            for one in ids:
                mask |= self._bits.get(one, 0)
            return mask
        size = len(self._digits)  # An int in base two is made faster from its digits than bit by bit.
        digits = bytearray(b"0") * (size + 1)
        for one in ids:
            digits[self._digits.get(one, size)] = _ONE
        return int(digits[:size], 2)

    def _tiers(self, *, weighted: bool) -> list[Tier]:
        """The tier of each place."""
        tiers: list[Tier] = []
        first = 0
        for place, credential in enumerate(self.credentials):
            if place + 1 == len(self.credentials) or self.credentials[place + 1].priority != credential.priority:
                of_tier = self.credentials[first : place + 1]
                members = [(one.id, one.weight if weighted else 1) for one in of_tier]
                mask = (1 << place + 1) - (1 << first)
                tiers += [Tier(credential.priority, mask, sharing(members, first))] * len(of_tier)
                first = place + 1
        return tiers


def _end(place: int, whole: Resting, of_model: Resting) -> float:
    """The later end of its rests."""
    return max(whole.until_s.get(place, 0.0), of_model.until_s.get(place, 0.0))
