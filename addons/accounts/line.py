"""Requests that wait, because whoever could answer has all its leases out. Pure: who waits is told by a callback.

First come, first served: what becomes free is handed at once to the first in line whom it suits. A newcomer is asked
for only after that, so it can't take what somebody waits for.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final

from addons.accounts.cooldown import Rest
from addons.accounts.lease import Busy, Exhausted, Lease
from addons.accounts.outcome import CANCELLED, Outcome

type Ask = Callable[[float], Lease | Busy | Exhausted]
type GiveBack = Callable[[Lease, Outcome, float], None]


@dataclass(slots=True, eq=False)
class Ticket:
    """A place in the line. Its holder is woken once, when it has left the line.

    `lease`: what it got. None, and no longer `waiting`: nobody is left who could answer after a wait (they rest now, or
    were removed), so there is nothing to wait for; the next pick says why. `wish`: equal for those that want the same.
    """

    wish: Hashable
    ask: Ask = field(repr=False)
    give_back: GiveBack = field(repr=False)
    wake: Callable[[], None] = field(repr=False)
    line: "Line" = field(repr=False)
    lease: Lease | None = None
    waiting: bool = True

    def cancel(self, now_s: float) -> None:
        """Its holder goes away: it leaves the line, and a lease that it has got goes to the next.

        For one that has not begun to use its lease. One that has gives the lease back to the pool, as always.
        """
        self.line.leave(self)
        if self.lease is not None:
            self.give_back(self.lease, CANCELLED, now_s)


class Line:
    """Who waits for the credentials of one pool, in this process. It outlives the pools that are made of the config."""

    def __init__(self) -> None:
        self._tickets: dict[Ticket, None] = {}
        self._freed: set[str] = set()  # who has become free since the line was served
        self._worse = False  # whether somebody rests since then, whom others may wait for in vain now

    def __len__(self) -> int:
        return len(self._tickets)

    def join(self, ticket: Ticket) -> None:
        """The last in line."""
        self._tickets[ticket] = None

    def leave(self, ticket: Ticket) -> None:
        """Not in line any more; nothing where it is not."""
        self._tickets.pop(ticket, None)
        ticket.waiting = False

    def serve(self, now_s: float) -> None:
        """Hands out what has become free since the last time, and lets go who waits for nobody."""
        woken = self._serve(now_s) if self._tickets and (self._freed or self._worse) else []
        self._freed.clear()
        self._worse = False
        for ticket in woken:
            ticket.wake()

    def rested(self, credential: str, about: str, rest: Rest | None) -> None:  # noqa: ARG002 - see state.Watcher
        if rest is None:
            self._freed.add(credential)
        else:
            self._worse = True

    def filled(self, credential: str, full: bool) -> None:
        if full:
            self._freed.discard(credential)
        else:
            self._freed.add(credential)

    def _serve(self, now_s: float) -> list[Ticket]:
        served: list[Ticket] = []
        in_vain: Final[set[Hashable]] = set()
        for ticket in self._tickets:
            if not self._freed and not self._worse:  # All is handed out: filled() was told so.
                break
            if ticket.wish in in_vain:
                continue
            answer = ticket.ask(now_s)
            if isinstance(answer, Busy):
                in_vain.add(ticket.wish)
                continue
            ticket.lease = answer if isinstance(answer, Lease) else None
            served.append(ticket)
        for ticket in served:
            self.leave(ticket)
        return served
