"""Whose turn it is among the credentials of one tier. Pure; sets of credentials are bit masks (see seats.py).

A tier's members are put into classes: the next class is found by the smooth algorithm, and within a class they take
turns. What a class weighs is its unit times those of its members that are free, so who rests, or is busy, or was tried,
costs no more time than who is free.

- Up to 32 members: each is a class. This is nginx's algorithm, to the letter.
- More, with up to 32 different weights: those of one weight are a class.
- Else a class for each binary digit of a weight: who weighs 5 is in the classes of 4 and of 1.

In each case as many turns as the sum of the weights give each exactly its weight (a class of n members with unit u is
chosen n * u times and goes round u times), and a turn costs about 32 steps, with a thousand credentials too. With one
weight for all it is round-robin, which is how that is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from addons.accounts.smooth import Smooth

CLASSES: Final = 32
MAX_RINGS: Final = 4096


def lowest(mask: int) -> int:
    """The place of the lowest bit. The mask is not 0."""
    return (mask & -mask).bit_length() - 1


@dataclass(frozen=True, slots=True)
class Sharing:
    """A tier's members in classes: units and masks, side by side. `members`: what it was made of."""

    members: tuple[tuple[str, int], ...]
    units: tuple[int, ...]
    masks: tuple[int, ...]


def sharing(members: Sequence[tuple[str, int]], first: int) -> Sharing:
    """Ids with their weights, whose places begin at `first`. A weight of 0 or less: never."""
    by_unit: dict[int, int] = {}
    placed = [(first + place, weight) for place, (_, weight) in enumerate(members) if weight > 0]
    if len(placed) <= CLASSES and len({weight for _, weight in placed}) > 1:
        classes = [(weight, 1 << place) for place, weight in placed]
    elif len({weight for _, weight in placed}) <= CLASSES:
        for place, weight in placed:
            by_unit[weight] = by_unit.get(weight, 0) | 1 << place
        classes = list(by_unit.items())
    else:
        for place, weight in placed:
            for digit in range(weight.bit_length()):
                if weight >> digit & 1:
                    by_unit[1 << digit] = by_unit.get(1 << digit, 0) | 1 << place
        classes = sorted(by_unit.items(), reverse=True)
    return Sharing(tuple(members), tuple(unit for unit, _ in classes), tuple(mask for _, mask in classes))


@dataclass(slots=True)
class _Ring:
    """How far it has gone round. `cursors`: for each class, the place at which its next turn begins."""

    members: tuple[tuple[str, int], ...]
    cursors: list[int]
    classes: Smooth


@dataclass(slots=True)
class Turns:
    """The turns of one pool. A ring is a model and a priority; clients choose model names, so the oldest is forgotten
    where there are too many. A ring begins anew when its members or their weights change."""

    rings: dict[tuple[str, int], _Ring] = field(default_factory=dict)

    def next(self, ring: tuple[str, int], shares: Sharing, free: int, *, moving: bool) -> int:
        """The place of who is next, of those that are free; there is one. Not `moving`: the turn stays where it is."""
        turn = self._ring(ring, shares)
        if len(shares.units) == 1:
            chosen = 0
        else:
            weights = [unit * (free & mask).bit_count() for unit, mask in zip(shares.units, shares.masks, strict=True)]
            chosen = turn.classes.choose(weights, moving=moving)
        able = free & shares.masks[chosen]
        cursor = turn.cursors[chosen]
        place = lowest(able >> cursor << cursor or able)
        if moving:
            turn.cursors[chosen] = place + 1
        return place

    def _ring(self, ring: tuple[str, int], shares: Sharing) -> _Ring:
        turn = self.rings.get(ring)
        if turn is not None:
            if turn.members is shares.members:
                return turn
            if turn.members == shares.members:  # The config was read again.
                turn.members = shares.members
                return turn
        if turn is None and len(self.rings) >= MAX_RINGS:
            del self.rings[next(iter(self.rings))]
        size = len(shares.units)
        turn = self.rings[ring] = _Ring(shares.members, [0] * size, Smooth(size))
        return turn
