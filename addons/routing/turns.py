"""Whose turn it is among the models of a route, and which are passed over. No I/O, the clock is passed in."""

from collections.abc import Sequence
from itertools import groupby

from addons.routing.candidate import Leg, Tier


class RouteTurns:
    """What requests have in common that ask for a route: where the next one begins, and who has failed.

    One that has failed is asked last: where all others can't answer either. Source: model-routes of CLIProxyAPI's fork,
    which refuses then.
    """

    def __init__(self) -> None:
        self._next: dict[str, str] = {}  # alias -> the model that the next request begins with
        self._until_s: dict[tuple[str, str], float] = {}

    def arranged(self, tiers: Sequence[Tier], now_s: float) -> Sequence[Tier]:
        """The tiers in the order in which this request asks them; of no route, as they are. Each call is a request."""
        if not tiers or tiers[0][0].leg is None:
            return tiers
        legs = [(leg, tuple(group)) for leg, group in groupby(tiers, key=lambda tier: tier[0].leg) if leg is not None]
        first = tiers[0][0].leg
        if first.in_turn:
            names = [leg.model for leg, _ in legs]
            wanted = self._next.get(first.alias)
            begin = names.index(wanted) if wanted in names else 0
            legs = legs[begin:] + legs[:begin]
        free_s = {leg: self._until_s.get((leg.alias, leg.model), now_s) for leg, _ in legs}
        if first.in_turn:
            chosen = next((place for place, (leg, _) in enumerate(legs) if free_s[leg] <= now_s), 0)
            self._next[first.alias] = legs[(chosen + 1) % len(legs)][0].model
        ordered = sorted(legs, key=lambda one: max(free_s[one[0]], now_s))
        return [tier for _, group in ordered for tier in group]

    def failed(self, leg: Leg, now_s: float, retry_after_s: float | None = None) -> None:
        """It is passed over from now on, for as long as its vendor says where that is longer."""
        self._until_s[leg.alias, leg.model] = now_s + max(leg.cooldown_s, retry_after_s or 0.0)
