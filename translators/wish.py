"""How much the model should think, between what the client says, what the model's name asks for and what it can do."""

import msgspec

from translators.conversation import Loss, ThinkingMode, ThinkingWish
from translators.dialect import Target
from translators.thinking import effort_of, settled

PATH = "$.thinking"


def wish_of(said: ThinkingWish | None, target: Target, losses: list[Loss]) -> ThinkingWish | None:
    """What to ask for; None: nothing. What the name asks for stands over what the body says, and is fitted silently."""
    if target.thinking is not None:
        visible = said.visible if said is not None and target.thinking.visible is None else target.thinking.visible
        return settled(msgspec.structs.replace(target.thinking, visible=visible), target.thinking_range)
    if said is None:
        return None
    fit = settled(said, target.thinking_range)
    if fit is None:
        if said.mode is not ThinkingMode.OFF:
            losses.append(Loss(PATH, f"{target.model} does not think"))
    elif not _is_same(fit, said):
        losses.append(Loss(PATH, f"{target.model} can't think {_amount(said)}: {_amount(fit)} was asked for"))
    return fit


def budget_gives_way(wish: ThinkingWish, losses: list[Loss]) -> None:
    """Where a vendor takes one of the two, the effort says it."""
    if wish.effort is not None and wish.budget_tokens is not None:
        losses.append(Loss(f"{PATH}.budget_tokens", f"effort {wish.effort} was asked for"))


def _is_same(fit: ThinkingWish, said: ThinkingWish) -> bool:
    """Whether the two ask for as much. A level and its budget do."""
    if fit.budget_tokens is not None and said.budget_tokens is not None and said.effort is None:
        return fit.budget_tokens == said.budget_tokens
    return _level(fit) == _level(said)


def _level(wish: ThinkingWish) -> str | None:
    if wish.is_off:
        return "none"
    if wish.effort is None and wish.budget_tokens is not None:
        return effort_of(wish.budget_tokens)
    return wish.effort


def _amount(wish: ThinkingWish) -> str:
    """In words."""
    if wish.is_off:
        return "not at all"
    if wish.effort is not None:
        return wish.effort
    return "as it likes" if wish.budget_tokens is None else f"{wish.budget_tokens} tokens"
