"""The small bodies, in OpenAI's form: model lists and token counts."""

from translators.dialect import ModelInfo
from translators.jsonio import ENCODER


def model_list(models: tuple[ModelInfo, ...]) -> bytes:
    """The body of GET /v1/models."""
    return ENCODER.encode({"object": "list", "data": [_model(model) for model in models]})


def one_model(model: ModelInfo) -> bytes:
    """The body of GET /v1/models/{id}."""
    return ENCODER.encode(_model(model))


def _model(model: ModelInfo) -> dict[str, object]:
    return {"id": model.id, "object": "model", "created": model.created_s, "owned_by": model.owner}


def count_reply(tokens: int) -> bytes:
    """Completions have no token count; this is the form of OpenAI's Responses."""
    return ENCODER.encode({"input_tokens": tokens})
