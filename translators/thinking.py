"""Effort <-> budget: how much a model should think, in words and in tokens, and what it can do of that.

Source of the tables: CLIProxyAPI's documented levels, which its users' configs rely on.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from translators.conversation import ThinkingMode, ThinkingWish

EFFORTS: Final[tuple[str, ...]] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

BUDGETS: Final[Mapping[str, int]] = {
    "none": 0,
    "minimal": 512,
    "low": 1024,
    "medium": 8192,
    "high": 24576,
    "xhigh": 32768,
    "max": 128000,
}


def budget_of(effort: str) -> int:
    """Tokens for a level; a level that nobody knows counts as medium."""
    return BUDGETS.get(effort, BUDGETS["medium"])


def effort_of(budget_tokens: int) -> str:
    """The level whose range holds the budget. Never `max`, which is no budget that a client would name."""
    for effort in ("none", "minimal", "low", "medium", "high"):
        if budget_tokens <= BUDGETS[effort]:
            return effort
    return "xhigh"


def nearest_effort(effort: str, allowed: tuple[str, ...]) -> str:
    """The allowed level next to this one, the lower of two equally near. `allowed` is in the order of EFFORTS."""
    if effort in allowed or effort not in EFFORTS:
        return effort if effort in allowed else allowed[len(allowed) // 2]
    wanted = EFFORTS.index(effort)
    return min(allowed, key=lambda level: (abs(EFFORTS.index(level) - wanted), EFFORTS.index(level)))


class ThinkingRange(Struct, frozen=True):
    """How much a model can think: a budget of tokens (`max_tokens` 0: none can be given), levels, or both.

    `zero_allowed`: it can be switched off. `dynamic_allowed`: it may decide by itself. `levels` in the order of
    EFFORTS. Neither a budget nor levels: the model does not think.
    """

    min_tokens: int = 0
    max_tokens: int = 0
    zero_allowed: bool = False
    dynamic_allowed: bool = False
    levels: tuple[str, ...] = ()

    @property
    def thinks(self) -> bool:
        """Whether it can think at all."""
        return bool(self.max_tokens or self.levels)


def settled(wish: ThinkingWish, limits: ThinkingRange | None) -> ThinkingWish | None:
    """The wish as the model can follow it; None where it does not think, so that there is nothing to say.

    A wish that is OFF afterwards can be said; one that is ON has an effort or a budget that the model knows, where the
    wish had one. Without limits the wish comes back as it is.
    """
    if limits is None:
        return wish
    if not limits.thinks:
        return None
    if wish.is_off:
        return _off(wish, limits)
    if wish.mode is ThinkingMode.AUTO and wish.effort is None and wish.budget_tokens is None:
        return wish if limits.dynamic_allowed else _middle(wish, limits)
    effort, budget_tokens = wish.effort, wish.budget_tokens
    levels = tuple(level for level in limits.levels if level != "none")
    if effort is not None and levels:
        return _amount(wish, effort=nearest_effort(effort, levels))
    if effort is not None:
        return _amount(wish, budget_tokens=_within(budget_of(effort), limits))
    if budget_tokens is not None and limits.max_tokens:
        return _amount(wish, budget_tokens=_within(budget_tokens, limits))
    if budget_tokens is not None:
        return _amount(wish, effort=nearest_effort(effort_of(budget_tokens), levels))
    return wish


def _off(wish: ThinkingWish, limits: ThinkingRange) -> ThinkingWish:
    """Off, or the least that the model can do."""
    if limits.zero_allowed or "none" in limits.levels:
        return ThinkingWish(ThinkingMode.OFF, visible=wish.visible)
    if limits.levels:
        return _amount(wish, effort=limits.levels[0])
    return _amount(wish, budget_tokens=limits.min_tokens)


def _middle(wish: ThinkingWish, limits: ThinkingRange) -> ThinkingWish:
    """What stands for the model's own choice where it has none."""
    if limits.levels:
        return _amount(wish, effort=nearest_effort("medium", limits.levels))
    return _amount(wish, budget_tokens=(limits.min_tokens + limits.max_tokens) // 2)


def _within(budget_tokens: int, limits: ThinkingRange) -> int:
    return min(max(budget_tokens, limits.min_tokens), limits.max_tokens)


def _amount(wish: ThinkingWish, *, effort: str | None = None, budget_tokens: int | None = None) -> ThinkingWish:
    mode = ThinkingMode.ON if wish.mode is ThinkingMode.OFF else wish.mode
    return msgspec.structs.replace(wish, mode=mode, effort=effort, budget_tokens=budget_tokens)
