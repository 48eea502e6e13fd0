"""Effort <-> budget: how much a model should think, in words and in tokens.

Source of the table: CLIProxyAPI's documented levels, which its users' configs rely on.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

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
