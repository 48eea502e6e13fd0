"""What a pool remembers: rests, leases, turns, and who waits. It outlives the pools that are made of the config."""

import heapq
from collections.abc import Mapping
from typing import Final, Protocol
from weakref import WeakSet

from addons.accounts.cooldown import FORGET_S, Rest
from addons.accounts.line import Line
from addons.accounts.seats import WHOLE
from addons.accounts.turns import Turns

MAX_RESTS: Final = 16384

_NONE: Final[Mapping[str, Rest]] = {}


class Watcher(Protocol):
    """Is told of each change when it happens. `about`: a model, or WHOLE.

    rested(): a rest has begun or was changed; None: it has ended. filled(): a credential has all the leases out that it
    may have, or no longer.
    """

    def rested(self, credential: str, about: str, rest: Rest | None) -> None: ...

    def filled(self, credential: str, full: bool) -> None: ...


class PoolState(Protocol):
    """The memory of one pool. Credentials are named by their id.

    now_s: the time that was passed in last. turns, line: this process's; the rest may be shared with others.
    watch(): tells the watcher what rests and is full already, then of each change, for as long as somebody else holds
    it. advance(): ends the rests whose time has come. rests(): about what -> the latest rest, ended or not, until it is
    forgotten. wake(): ends a rest. limit(): how many leases each may have out, for those that have a limit; who is in
    no new limits and has leases out keeps its old one, for requests that began before the config was changed.
    """

    now_s: float
    turns: Turns
    line: Line

    def watch(self, watcher: Watcher) -> None: ...

    def advance(self, now_s: float) -> None: ...

    def rests(self, credential: str) -> Mapping[str, Rest]: ...

    def rest(self, credential: str, about: str, rest: Rest) -> None: ...

    def wake(self, credential: str, about: str) -> None: ...

    def limit(self, credentials: Mapping[str, int]) -> None: ...

    def occupy(self, credential: str) -> None: ...

    def release(self, credential: str) -> None: ...

    def in_use(self, credential: str) -> int: ...


class MemoryState:
    """See PoolState. Clients choose model names, so everything that is kept by model is bounded."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.turns = Turns()
        self.line = Line()
        self._watchers: WeakSet[Watcher] = WeakSet([self.line])
        self._rests: dict[str, dict[str, Rest]] = {}  # credential -> about what -> the latest rest
        self._size = 0
        self._ends: list[tuple[float, str, str]] = []  # heap: when a rest ends, and when it is forgotten
        self._in_use: dict[str, int] = {}
        self._limits: Mapping[str, int] = {}

    def watch(self, watcher: Watcher) -> None:
        self._watchers.add(watcher)
        for credential, rests in self._rests.items():
            for about, rest in rests.items():
                if rest.until_s > self.now_s:
                    watcher.rested(credential, about, rest)
        for credential in self._in_use:
            if self._is_full(credential):
                watcher.filled(credential, full=True)

    def advance(self, now_s: float) -> None:
        self.now_s = now_s
        while self._ends and self._ends[0][0] <= now_s:
            _, credential, about = heapq.heappop(self._ends)
            rest = self._rests.get(credential, _NONE).get(about)
            if rest is None or rest.until_s > now_s:  # Ended already, or prolonged.
                continue
            if rest.until_s + FORGET_S <= now_s:
                self._forget(credential, about)
            else:
                heapq.heappush(self._ends, (rest.until_s + FORGET_S, credential, about))
            self._tell(credential, about, None)

    def rests(self, credential: str) -> Mapping[str, Rest]:
        return self._rests.get(credential, _NONE)

    def rest(self, credential: str, about: str, rest: Rest) -> None:
        of_credential = self._rests.setdefault(credential, {})
        if about not in of_credential:
            self._size += 1
        of_credential[about] = rest
        heapq.heappush(self._ends, (rest.until_s, credential, about))
        self._tell(credential, about, rest)
        if self._size > MAX_RESTS or len(self._ends) > 2 * MAX_RESTS:
            self._compact()

    def wake(self, credential: str, about: str) -> None:
        if about in self._rests.get(credential, _NONE):
            self._forget(credential, about)
            self._tell(credential, about, None)

    def limit(self, credentials: Mapping[str, int]) -> None:
        old = {one: limit for one, limit in self._limits.items() if one in self._in_use}
        before = {one for one in self._in_use if self._is_full(one)}
        self._limits = {one: limit for one, limit in {**old, **credentials}.items() if limit > 0}
        for one in self._in_use:
            if self._is_full(one) != (one in before):
                self._tell_full(one)

    def occupy(self, credential: str) -> None:
        self._in_use[credential] = self._in_use.get(credential, 0) + 1
        if credential in self._limits and self._is_full(credential):
            self._tell_full(credential)

    def release(self, credential: str) -> None:
        was_full = self._is_full(credential)
        left = self._in_use[credential] - 1
        if left:
            self._in_use[credential] = left
        else:
            del self._in_use[credential]
        if was_full and not self._is_full(credential):
            self._tell_full(credential)

    def in_use(self, credential: str) -> int:
        return self._in_use.get(credential, 0)

    def _is_full(self, credential: str) -> bool:
        limit = self._limits.get(credential, 0)
        return 0 < limit <= self._in_use.get(credential, 0)

    def _tell(self, credential: str, about: str, rest: Rest | None) -> None:
        for watcher in self._watchers:
            watcher.rested(credential, about, rest)

    def _tell_full(self, credential: str) -> None:
        full = self._is_full(credential)
        for watcher in self._watchers:
            watcher.filled(credential, full=full)

    def _forget(self, credential: str, about: str) -> None:
        rests = self._rests[credential]
        del rests[about]
        self._size -= 1
        if not rests:
            del self._rests[credential]

    def _compact(self) -> None:
        """Drops what the heap still holds of rests that were prolonged or ended, and, where there are too many rests,
        those of a model that end first: clients make models up, but not credentials."""
        kept = [(rest.until_s, one, about) for one, rests in self._rests.items() for about, rest in rests.items()]
        if len(kept) > MAX_RESTS:
            kept.sort(key=lambda rest: (rest[2] == WHOLE, rest))
            surplus = len(kept) - MAX_RESTS // 2
            for _, credential, about in kept[:surplus]:
                self.wake(credential, about)
            kept = kept[surplus:]
        self._ends = [
            (end_s if end_s > self.now_s else end_s + FORGET_S, credential, about) for end_s, credential, about in kept
        ]
        heapq.heapify(self._ends)
