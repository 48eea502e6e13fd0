"""Requests of this dialect: what is read of them, and what is edited between two sides of it."""

from typing import Final

import msgspec
from msgspec import Raw

from translators.conversation import Loss, ThinkingMode, ThinkingWish
from translators.dialect import Operation, Target
from translators.errors import BadRequest
from translators.jsonio import top_level, with_fields
from translators.thinking import effort_of, nearest_effort, settled

_REASONING: Final = msgspec.json.Decoder(dict[str, Raw] | None)


def own_request(body: bytes, target: Target) -> tuple[bytes, tuple[Loss, ...]]:
    """The body as it is, but that it thinks as much as the model's name asks for. Raises BadRequest."""
    if target.thinking is None or target.operation is Operation.COMPACT:  # A compaction has no such field.
        return body, ()
    wish = settled(target.thinking, target.thinking_range)
    if wish is None:  # It does not think.
        return body, ()
    said = top_level(body).get("reasoning", Raw(b"null"))
    try:
        reasoning: dict[str, object] = dict(_REASONING.decode(said) or {})
    except msgspec.ValidationError as error:
        raise BadRequest("$.reasoning", "an object") from error
    effort = _effort(wish, target)
    if effort is None:
        reasoning.pop("effort", None)
    else:
        reasoning["effort"] = effort
    return with_fields(body, {"reasoning": reasoning}), ()


def _effort(wish: ThinkingWish, target: Target) -> str | None:
    """In this dialect's levels; None: as the model likes."""
    if wish.mode is ThinkingMode.OFF:
        return "none"
    if wish.effort is not None or wish.budget_tokens is None:
        return wish.effort
    levels = () if target.thinking_range is None else target.thinking_range.levels
    effort = effort_of(wish.budget_tokens)
    return nearest_effort(effort, levels) if levels else effort
