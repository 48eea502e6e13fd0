"""What a pool remembers: turns, rests and leases. In memory here; shared between instances elsewhere."""

import heapq
from collections import Counter
from collections.abc import Mapping
from typing import Final, Protocol

from addons.accounts.cooldown import FORGET_S, Rest

WHOLE: Final = ""
"""In place of a model: the whole credential."""

MAX_RESTS: Final = 16384
MAX_TURNS: Final = 4096

_NOBODY: Final[Mapping[str, Rest]] = {}


class PoolState(Protocol):
    """The memory of one pool. Names: a credential's id; a model, or WHOLE.

    resting(model, now_s): credential -> its rest, of those that have not ended; not to be kept.
    last(credential, model): the latest rest, ended or not; None once it is forgotten.
    turn(ring), set_turn(ring, turn): whose turn it is; a forgotten ring begins at 0.
    """

    def resting(self, model: str, now_s: float) -> Mapping[str, Rest]: ...

    def last(self, credential: str, model: str) -> Rest | None: ...

    def rest(self, credential: str, model: str, rest: Rest) -> None: ...

    def wake(self, credential: str, model: str) -> None: ...

    def turn(self, ring: tuple[str, int]) -> int: ...

    def set_turn(self, ring: tuple[str, int], turn: int) -> None: ...

    def occupy(self, credential: str) -> None: ...

    def release(self, credential: str) -> None: ...

    def in_use(self, credential: str) -> int: ...


class MemoryState:
    """See PoolState. Clients choose model names, so everything that is kept by model is bounded."""

    def __init__(self) -> None:
        self._resting: dict[str, dict[str, Rest]] = {}  # model -> credential -> rest: who may not be picked
        self._last: dict[tuple[str, str], Rest] = {}
        self._ends: list[tuple[float, str, str]] = []  # heap: when a rest ends
        self._forgets: list[tuple[float, str, str]] = []  # heap: when its level no longer counts
        self._turns: dict[tuple[str, int], int] = {}
        self._in_use: Counter[str] = Counter()

    def resting(self, model: str, now_s: float) -> Mapping[str, Rest]:
        if self._ends and self._ends[0][0] <= now_s:
            self._end_rests(now_s)
        return self._resting.get(model, _NOBODY)

    def last(self, credential: str, model: str) -> Rest | None:
        return self._last.get((credential, model))

    def rest(self, credential: str, model: str, rest: Rest) -> None:
        self._resting.setdefault(model, {})[credential] = rest
        self._last[credential, model] = rest
        heapq.heappush(self._ends, (rest.until_s, credential, model))
        heapq.heappush(self._forgets, (rest.until_s + FORGET_S, credential, model))
        if len(self._forgets) > 2 * MAX_RESTS:
            self._compact()

    def wake(self, credential: str, model: str) -> None:
        self._last.pop((credential, model), None)
        self._unblock(credential, model)

    def turn(self, ring: tuple[str, int]) -> int:
        return self._turns.get(ring, 0)

    def set_turn(self, ring: tuple[str, int], turn: int) -> None:
        if len(self._turns) >= MAX_TURNS and ring not in self._turns:
            del self._turns[next(iter(self._turns))]
        self._turns[ring] = turn

    def occupy(self, credential: str) -> None:
        self._in_use[credential] += 1

    def release(self, credential: str) -> None:
        self._in_use[credential] -= 1
        if not self._in_use[credential]:
            del self._in_use[credential]

    def in_use(self, credential: str) -> int:
        return self._in_use[credential]

    def _end_rests(self, now_s: float) -> None:
        while self._ends and self._ends[0][0] <= now_s:
            _, credential, model = heapq.heappop(self._ends)
            current = self._resting.get(model, _NOBODY).get(credential)
            if current is not None and current.until_s <= now_s:  # Else it was prolonged, or ended already.
                self._unblock(credential, model)
        while self._forgets and self._forgets[0][0] <= now_s:
            _, credential, model = heapq.heappop(self._forgets)
            last = self._last.get((credential, model))
            if last is not None and last.until_s + FORGET_S <= now_s:
                del self._last[credential, model]

    def _compact(self) -> None:
        """Drops what the heaps still hold of rests that were prolonged or ended, and the rests that end first where
        there are too many."""
        surplus = len(self._last) - MAX_RESTS
        if surplus > 0:
            by_end = sorted((rest.until_s, *about) for about, rest in self._last.items())
            for _, credential, model in by_end[:surplus]:
                self.wake(credential, model)
        ends = [(rest.until_s, *about) for about, rest in self._last.items()]
        self._ends = sorted(ends)
        self._forgets = [(until_s + FORGET_S, credential, model) for until_s, credential, model in self._ends]

    def _unblock(self, credential: str, model: str) -> None:
        credentials = self._resting.get(model)
        if credentials is not None and credentials.pop(credential, None) is not None and not credentials:
            del self._resting[model]
