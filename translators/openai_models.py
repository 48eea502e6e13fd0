"""What OpenAI's own models differ in, in both of its dialects. Compatible vendors' models are not looked at by name."""

import re
from typing import Final

_REASONING: Final = re.compile(r"o\d|gpt-[5-9](?!-chat)")

_EFFORTS: Final[tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]] = (
    (re.compile(r"o\d"), ("low", "medium", "high")),
    (re.compile(r"gpt-5(\.\d+)?-pro"), ("high",)),
    (re.compile(r"gpt-5\.1-codex-max"), ("low", "medium", "high", "xhigh")),
    (re.compile(r"gpt-5\.1(-|$)"), ("low", "medium", "high")),
    (re.compile(r"gpt-5(-|$)"), ("minimal", "low", "medium", "high")),
)
_LATER_EFFORTS: Final = ("low", "medium", "high", "xhigh")
_TAKES_NONE: Final = re.compile(r"gpt-(5\.[1-9]|[6-9])(?!.*-(pro|codex))")


def is_reasoning_model(model: str) -> bool:
    """o1, o3, o4-mini, gpt-5 and later, without the chat variants: they refuse sampling fields and take an effort."""
    return _REASONING.match(model) is not None


def efforts_of(model: str) -> tuple[str, ...]:
    """The levels that a reasoning model takes. Source: the description of `reasoning_effort` in OpenAI's API."""
    return next((efforts for pattern, efforts in _EFFORTS if pattern.match(model)), _LATER_EFFORTS)


def least_effort(model: str) -> str:
    """What comes nearest to not reasoning: none from gpt-5.1 on, minimal for gpt-5, else the lowest level."""
    return "none" if _TAKES_NONE.match(model) else efforts_of(model)[0]


def takes_custom_tools(model: str) -> bool:
    """gpt-5 and later: the tools whose input is free text."""
    return model.startswith("gpt-") and is_reasoning_model(model)
