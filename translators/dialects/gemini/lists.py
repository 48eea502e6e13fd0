"""The small bodies: token counts and model lists."""

import re
from typing import Any, Final

from translators.counting import count_in
from translators.dialect import Counting, ModelInfo, Target
from translators.jsonio import ENCODER, top_level

METHODS: Final = ("generateContent", "countTokens")
_VERSION: Final = re.compile(r"-(\d+(?:\.\d+)?)(?:-|$)")


def count_request(body: bytes, target: Target) -> bytes:
    """A request of countTokens: all but its contents is counted only where it stands in a whole request."""
    return ENCODER.encode({"generateContentRequest": {"model": f"models/{target.model}", **top_level(body)}})


def count_of(body: bytes) -> int:
    """What the answer of countTokens says. Raises UpstreamError."""
    return count_in(body, "totalTokens")


COUNTING: Final = Counting(count_request, count_of)


def count_reply(tokens: int) -> bytes:
    """The answer of countTokens."""
    return ENCODER.encode({"totalTokens": tokens})


def model_list(models: tuple[ModelInfo, ...]) -> bytes:
    """All of them on one page, whatever the size that was asked for."""
    return ENCODER.encode({"models": [_model(model) for model in models]})


def one_model(model: ModelInfo) -> bytes:
    """One model by its name."""
    return ENCODER.encode(_model(model))


def _model(model: ModelInfo) -> dict[str, Any]:
    version = _VERSION.search(model.id)
    fields: dict[str, Any] = {
        "name": f"models/{model.id}",
        "version": version[1] if version else "001",
        "displayName": model.display_name or model.id,
    }
    if model.max_input_tokens is not None:
        fields["inputTokenLimit"] = model.max_input_tokens
    if model.max_output_tokens is not None:
        fields["outputTokenLimit"] = model.max_output_tokens
    fields["supportedGenerationMethods"] = METHODS
    if model.thinking is not None and model.thinking.thinks:
        fields["thinking"] = True
    return fields
