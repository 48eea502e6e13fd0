"""The small bodies: token counts and model lists."""

from typing import Any, Final

from translators.counting import count_in, with_only
from translators.dialect import Counting, ModelInfo, Target
from translators.jsonio import ENCODER
from translators.timestamp import timestamp

COUNTED: Final = frozenset(
    ("cache_control", "messages", "model", "output_config", "speed", "system", "thinking", "tool_choice", "tools")
)
"""Source: MessageCountTokensParams of the SDK."""


def count_request(body: bytes, _: Target) -> bytes:
    """A request of count_tokens."""
    return with_only(body, COUNTED)


def count_of(body: bytes) -> int:
    """What the answer of count_tokens says. Raises UpstreamError."""
    return count_in(body, "input_tokens")


COUNTING: Final = Counting(count_request, count_of)


def count_reply(tokens: int) -> bytes:
    """The answer of count_tokens."""
    return ENCODER.encode({"input_tokens": tokens})


def model_list(models: tuple[ModelInfo, ...]) -> bytes:
    """All of them on one page."""
    page = {
        "data": [_model(model) for model in models],
        "has_more": False,
        "first_id": models[0].id if models else None,
        "last_id": models[-1].id if models else None,
    }
    return ENCODER.encode(page)


def one_model(model: ModelInfo) -> bytes:
    """One model by its name."""
    return ENCODER.encode(_model(model))


def _model(model: ModelInfo) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "type": "model",
        "id": model.id,
        "display_name": model.display_name or model.id,
        "created_at": timestamp(model.created_s),
        "lifecycle": "active",
    }
    if model.max_input_tokens is not None:
        fields["max_input_tokens"] = model.max_input_tokens
    if model.max_output_tokens is not None:
        fields["max_tokens"] = model.max_output_tokens
    return fields
