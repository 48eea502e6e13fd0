"""How much to think: a neutral wish -> Google's words. A level and a budget together are refused."""

from typing import Final

import msgspec

from translators.conversation import Loss, ThinkingMode, ThinkingWish
from translators.dialect import Target
from translators.dialects.gemini.models import Model
from translators.dialects.gemini.request_wire import ThinkingConfig
from translators.thinking import budget_of
from translators.wish import budget_gives_way, wish_of

DYNAMIC: Final = -1


def thinking_of(said: ThinkingWish | None, model: Model, target: Target, losses: list[Loss]) -> ThinkingConfig | None:
    """What of the wish can be said; None: nothing. Without a word the model thinks as much as it likes, unseen."""
    if target.thinking_range is None:
        target = msgspec.structs.replace(target, thinking_range=model.thinking)
    wish = wish_of(said, target, losses)
    if wish is None:
        return None
    if said is not None:
        budget_gives_way(said, losses)
    if wish.mode is ThinkingMode.OFF or wish.is_off:
        return ThinkingConfig(thinking_budget=0)
    unwanted = target.thinking is None and said is not None and said.is_off  # It can't but think.
    config = ThinkingConfig(include_thoughts=wish.visible is not False and not unwanted)
    if wish.effort is not None and target.thinking_range is not None:
        config.thinking_level = wish.effort.upper()
    elif wish.effort is not None:  # A budget is what every model that thinks takes.
        config.thinking_budget = budget_of(wish.effort)
    elif wish.budget_tokens is not None:
        config.thinking_budget = wish.budget_tokens
    elif not model.is_third:
        config.thinking_budget = DYNAMIC
    return config
