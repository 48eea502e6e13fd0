"""In which order pools, or the models of one pool that share an alias, are tried. Pure."""

from collections.abc import Sequence
from typing import Final

from addons.accounts.lease import Strategy
from addons.accounts.smooth import Smooth

MAX_MODELS: Final = 4096


class Rotation:
    """Shares requests out among candidates of one priority. What it remembers is bounded: clients choose model names.

    round-robin: each request for a model begins one further. weighted-round-robin: by weight, smoothly, and who weighs
    0 or less is left out. fill-first: always the order of the config.
    """

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._cursors: dict[str, int] = {}
        self._shares: dict[str, tuple[tuple[tuple[str, int], ...], Smooth]] = {}

    def order(self, model: str, names: Sequence[str], weights: Sequence[int]) -> Sequence[int]:
        """The places of the candidates, in the order in which this request tries them. Each call is a request."""
        match self._strategy:
            case "fill-first":
                return range(len(names))
            case "round-robin":
                return self._round(model, len(names))
            case "weighted-round-robin":
                return self._by_weight(model, tuple(zip(names, weights, strict=True)))

    def _round(self, model: str, size: int) -> Sequence[int]:
        if size < 2:
            return range(size)
        first = self._cursors.pop(model, 0) % size
        _make_room(self._cursors)
        self._cursors[model] = first + 1
        return [*range(first, size), *range(first)]

    def _by_weight(self, model: str, members: tuple[tuple[str, int], ...]) -> Sequence[int]:
        able = [place for place, (_, weight) in enumerate(members) if weight > 0]
        if len(able) < 2:
            return able
        known = self._shares.pop(model, None)
        if known is None or known[0] != members:
            known = (members, Smooth(len(members)))
        _make_room(self._shares)
        self._shares[model] = known
        smooth = known[1]
        first = smooth.choose([weight for _, weight in members])
        ranks = smooth.ranks()
        others = sorted((place for place in able if place != first), key=lambda place: (-ranks[place], place))
        return [first, *others]


def _make_room[T](memory: dict[str, T]) -> None:
    """Forgets the one that was not used for longest."""
    if len(memory) >= MAX_MODELS:
        del memory[next(iter(memory))]
