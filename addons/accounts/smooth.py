"""Whose turn it is among some that have weights: the smooth algorithm of nginx. Pure.

At each turn everybody gains its weight, and who has most is chosen and pays the sum of the weights. So with weights
5, 1, 1 the order is a a b a c a a, and as many turns as the sum of the weights give each exactly its weight.

Here somebody may be away for a while (weight 0 for that turn). It neither gains nor pays then, and the sum is that of
the others. What everybody has is kept in proportion to the sum: else a debt of 1000 from the time with a big one would
keep a small one from its turn for a thousand turns after the big one has gone.

Source of the algorithm: nginx, ngx_http_upstream_round_robin.c.
"""

from collections.abc import Sequence
from typing import Final

_FINE: Final = 20
"""Bits behind the point: what is kept in proportion does not get lost in rounding."""


class Smooth:
    """Some that have weights, by their place. The weights are told at each turn: 0 or less for who can't be chosen."""

    __slots__ = ("_has", "_total")

    def __init__(self, size: int) -> None:
        self._has = [0] * size
        self._total = 0

    def choose(self, weights: Sequence[int], *, moving: bool = True) -> int:
        """Who is next; somebody must have a weight. Not `moving`: who would be, and the turn stays where it is."""
        total = sum(weight for weight in weights if weight > 0) << _FINE
        has = self._has
        if total != self._total:
            if self._total:
                has = [value * total // self._total for value in has]
            if moving:
                self._has, self._total = has, total
        best, most = -1, 0
        for place, weight in enumerate(weights):
            if weight > 0:
                gained = has[place] + (weight << _FINE)
                if moving:
                    has[place] = gained
                if best < 0 or gained > most:
                    best, most = place, gained
        if best < 0:
            raise ValueError("nobody has a weight")
        if moving:
            has[best] -= total
        return best

    def ranks(self) -> Sequence[int]:
        """What everybody has now: who has more is nearer to its turn."""
        return self._has
