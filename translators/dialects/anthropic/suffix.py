"""What the model's name asks for, `claude-sonnet-4-5(high)`, written into a request of this dialect."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from translators.conversation import Loss, ThinkingMode, ThinkingWish
from translators.dialect import Target
from translators.dialects.anthropic.models import model_of
from translators.dialects.anthropic.wish import MIN_BUDGET, PATH, fitting_budget
from translators.errors import BadRequest
from translators.jsonio import ENCODER, top_level
from translators.thinking import effort_of, nearest_effort, settled

MIN_TOP_P: Final = 0.95
FORCED: Final = ("any", "tool")

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_MESSAGES: Final = msgspec.json.Decoder(list[dict[str, Raw]])
_BLOCKS: Final = msgspec.json.Decoder(list[dict[str, Raw]])


def with_thinking(body: bytes, target: Target) -> tuple[bytes, tuple[Loss, ...]]:
    """The body with the target's wish in place of its own. Raises BadRequest."""
    assert target.thinking is not None
    fields = top_level(body)
    losses: list[Loss] = []
    try:
        _write(fields, settled(target.thinking, target.thinking_range), target, losses)
    except msgspec.DecodeError as error:
        raise BadRequest("$", "a Messages request") from error
    return ENCODER.encode(fields), tuple(losses)


def _write(fields: dict[str, Any], wish: ThinkingWish | None, target: Target, losses: list[Loss]) -> None:
    model = model_of(target.model)
    said = _object(fields, "thinking")
    config = _object(fields, "output_config")
    config.pop("effort", None)
    fields.pop("thinking", None)
    if wish is not None and model.thinks:
        if wish.mode is ThinkingMode.OFF:
            fields["thinking"] = {"type": "disabled"}
        elif model.adapts:
            fields["thinking"] = {"type": "adaptive", **{key: said[key] for key in ("display",) if key in said}}
            effort = wish.effort or (effort_of(wish.budget_tokens) if wish.budget_tokens else None)
            if effort:
                config["effort"] = nearest_effort(effort, model.efforts)
        else:
            _enable(fields, wish, model.max_tokens, losses)
    if config:
        fields["output_config"] = config
    else:
        fields.pop("output_config", None)


def _enable(fields: dict[str, Any], wish: ThinkingWish, usual_max_tokens: int, losses: list[Loss]) -> None:
    max_tokens = msgspec.json.decode(fields["max_tokens"], type=int) if "max_tokens" in fields else usual_max_tokens
    obstacle = _obstacle(fields, max_tokens)
    if obstacle:
        losses.append(Loss(PATH, obstacle))
        return
    fields["thinking"] = {"type": "enabled", "budget_tokens": fitting_budget(wish, max_tokens)}
    for key, fits in _SAMPLING.items():
        if key in fields and not fits(msgspec.json.decode(fields[key])):
            del fields[key]
            losses.append(Loss(f"$.{key}", "a model that thinks does not take this value"))


_SAMPLING: Final[Mapping[str, Callable[[object], bool]]] = {
    "temperature": lambda value: value == 1,
    "top_p": lambda value: isinstance(value, int | float) and value >= MIN_TOP_P,
    "top_k": lambda _: False,
}


def _obstacle(fields: dict[str, Any], max_tokens: int) -> str:
    """Why a budget to think would be refused here; "" where it would not."""
    if max_tokens <= MIN_BUDGET:
        return f"max_tokens {max_tokens} leaves no room to think"
    if _word(_object(fields, "tool_choice"), "type") in FORCED:
        return "the model can't think where it must call a tool"
    messages = _MESSAGES.decode(fields.get("messages", b"[]"))
    if messages and _word(messages[-1], "role") == "assistant":
        return "the model can't think where its answer has begun"
    if len(messages) > 1 and _first(messages[-1]) == "tool_result" and "thinking" not in _first(messages[-2]):
        return "the turn whose calls are answered does not begin with a thought"
    return ""


def _object(fields: dict[str, Any], key: str) -> dict[str, Any]:
    raw = fields.get(key)
    return _OBJECT.decode(raw) if raw is not None and bytes(raw).strip() != b"null" else {}


def _word(fields: dict[str, Any], key: str) -> str:
    return msgspec.json.decode(fields[key], type=str) if key in fields else ""


def _first(message: dict[str, Any]) -> str:
    """The type of a message's first block."""
    content = message.get("content", b"")
    if not bytes(content).lstrip().startswith(b"["):
        return "text"
    blocks = _BLOCKS.decode(content)
    return _word(blocks[0], "type") if blocks else ""
