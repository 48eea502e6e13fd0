"""How much to think: a neutral wish -> Anthropic's words, where model and conversation allow it."""

from typing import Final, Literal

from msgspec import Struct

from translators.conversation import Loss, ThinkingMode, ThinkingWish
from translators.dialects.anthropic import wire
from translators.dialects.anthropic.models import Model
from translators.dialects.anthropic.turns import starts_thinking
from translators.thinking import budget_of, effort_of, nearest_effort

MIN_BUDGET: Final = 1024
ROOM: Final = 4096  # what should be left of max_tokens for the answer itself
PATH: Final = "$.thinking"


class Plan(Struct, frozen=True):
    """What goes into the request."""

    thinking: wire.ThinkingConfig | None = None
    effort: str | None = None

    @property
    def on(self) -> bool:
        """Whether the model may think."""
        return self.thinking is not None and self.thinking.type != "disabled"


def plan_of(
    wish: ThinkingWish | None,
    model: Model,
    messages: list[wire.Message],
    choice: wire.ToolChoice | None,
    max_tokens: int,
    losses: list[Loss],
) -> Plan:
    """What of the wish can be said."""
    if wish is None:
        return Plan()
    if not model.thinks:
        if wish.mode is not ThinkingMode.OFF:
            losses.append(Loss(PATH, "the model does not think"))
        return Plan()
    if wish.is_off:
        return Plan(wire.ThinkingConfig("disabled"))
    if model.adapts:
        return _adaptive(wish, model)
    return Plan(_enabled(wish, messages, choice, max_tokens, losses))


def _adaptive(wish: ThinkingWish, model: Model) -> Plan:
    effort = wish.effort or (effort_of(wish.budget_tokens) if wish.budget_tokens else None)
    near = nearest_effort(effort, model.efforts) if effort else None
    display: Literal["summarized", "omitted"] | None = None
    if wish.visible is not None:
        display = "summarized" if wish.visible else "omitted"
    return Plan(wire.ThinkingConfig("adaptive", display=display), near)


def _enabled(
    wish: ThinkingWish,
    messages: list[wire.Message],
    choice: wire.ToolChoice | None,
    max_tokens: int,
    losses: list[Loss],
) -> wire.ThinkingConfig | None:
    obstacle = _obstacle(messages, choice, max_tokens)
    if obstacle:
        losses.append(Loss(PATH, obstacle))
        return None
    budget = fitting_budget(wish, max_tokens)
    if wish.budget_tokens and budget < wish.budget_tokens:
        losses.append(Loss(f"{PATH}.budget_tokens", f"{wish.budget_tokens} is not below max_tokens: {budget} was sent"))
    return wire.ThinkingConfig("enabled", budget, None if wish.visible is not False else "omitted")


def fitting_budget(wish: ThinkingWish, max_tokens: int) -> int:
    """The budget of a wish, with room left for the answer itself."""
    wanted = max(MIN_BUDGET, wish.budget_tokens or budget_of(wish.effort or "medium"))
    return wanted if wanted < max_tokens else max(MIN_BUDGET, max_tokens - min(ROOM, max_tokens // 2))


def _obstacle(messages: list[wire.Message], choice: wire.ToolChoice | None, max_tokens: int) -> str:
    """Why a budget to think would be refused here; "" where it would not."""
    if max_tokens <= MIN_BUDGET:
        return f"max_tokens {max_tokens} leaves no room to think"
    if choice is not None and choice.type in ("any", "tool"):
        return "the model can't think where it must call a tool"
    last = messages[-1]
    if last.role == "assistant":
        return "the model can't think where its answer has begun"
    if isinstance(last.content[0], wire.ToolResultBlock) and not starts_thinking(messages[-2]):
        return "the turn whose calls are answered has no thinking signed by Anthropic"
    return ""
