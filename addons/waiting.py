"""Waits in line where whoever could answer is busy (`max-concurrency`)."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from addons.accounts.outcome import CANCELLED
from addons.accounts.pool import Pool, Ticket
from addons.rounds import Crowd, Rounds, Turn
from addons.route import Candidate

SOONEST_S: Final = 0.01
"""Timers are not as exact as the clock: who wakes too early looks again, but not at once."""


@dataclass(frozen=True, slots=True)
class InVain:
    """The crowd has stayed one. `waited_s`: for how long this request stood in line; None: every line was full."""

    crowd: Crowd
    waited_s: float | None


async def wait_for_turn(
    rounds: Rounds, crowd: Crowd, pools: Mapping[str, Pool], timeout_s: float, clock: Callable[[], float]
) -> Turn | InVain | None:
    """The turn that comes first: by a line, or because somebody has recovered meanwhile.

    None: this round has nobody left to wait for. When this is cancelled, nothing is lost: places in line are left, and
    what was handed out there goes to the next.
    """
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + timeout_s
    found: Turn | Crowd | None = crowd
    with _Places(rounds, pools, clock) as places:
        while isinstance(found, Crowd):
            if not places.take(found):
                return InVain(found, None)
            left_s = deadline_s - loop.time()
            if left_s <= 0:
                return InVain(found, timeout_s)
            if found.wake_s is not None:
                left_s = min(left_s, max(SOONEST_S, found.wake_s - clock()))
            await places.woken(left_s)
            found = places.called() or _look(rounds, places, pools, clock)
        if isinstance(found, Turn):
            places.keep(found)
    return found


def _look(
    rounds: Rounds, places: "_Places", pools: Mapping[str, Pool], clock: Callable[[], float]
) -> Turn | Crowd | None:
    """Who is free now. To look serves the lines first, so the request may be called just then."""
    found = rounds.pick(clock())
    called = places.called()
    if called is None:
        return found
    if isinstance(found, Turn):
        pools[found.candidate.pool].give_back(found.lease, CANCELLED, clock())
    return called


class _Places:
    """A request's places in the lines of several pools. At the end they are left, but for the one that is kept."""

    def __init__(self, rounds: Rounds, pools: Mapping[str, Pool], clock: Callable[[], float]) -> None:
        self._rounds = rounds
        self._pools = pools
        self._clock = clock
        self._places: dict[tuple[str, str, bool], tuple[Candidate, Ticket]] = {}
        self._woken = asyncio.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for _, ticket in self._places.values():
            ticket.cancel(self._clock())

    def take(self, crowd: Crowd) -> bool:
        """Gets in line wherever somebody is busy; False where every line is full."""
        self._places = {key: place for key, place in self._places.items() if place[1].waiting}
        for candidate in crowd.busy:
            key = (candidate.pool, candidate.model, crowd.resting_too)
            if key in self._places:
                continue
            ticket = self._pools[candidate.pool].wait(
                candidate.model,
                candidate.credentials,
                self._woken.set,
                tried=self._rounds.tried(candidate),
                retry_round=self._rounds.retry_round,
                resting_too=crowd.resting_too,
            )
            if ticket is not None:
                self._places[key] = (candidate, ticket)
        return bool(self._places)

    def called(self) -> Turn | None:
        """The turn that a line has given."""
        for candidate, ticket in self._places.values():
            if ticket.lease is not None:
                return Turn(candidate, ticket.lease)
        return None

    async def woken(self, seconds: float) -> None:
        """Returns once a line has called, or had to let go, and at the latest after so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        self._woken.clear()

    def keep(self, turn: Turn) -> None:
        """This one is used."""
        self._places = {key: place for key, place in self._places.items() if place[1].lease is not turn.lease}
