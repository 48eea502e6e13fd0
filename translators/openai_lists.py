"""Model lists and token counts in OpenAI's form."""

from translators.dialect import ModelInfo
from translators.jsonio import ENCODER


def model_list(models: tuple[ModelInfo, ...]) -> bytes:
    """The body of GET /v1/models."""
    return ENCODER.encode({"object": "list", "data": [listed(model) for model in models]})


def one_model(model: ModelInfo) -> bytes:
    """The body of GET /v1/models/{id}."""
    return ENCODER.encode(listed(model))


def listed(model: ModelInfo) -> dict[str, object]:
    """A model's entry."""
    return {"id": model.id, "object": "model", "created": model.created_s, "owned_by": model.owner}


def count_reply(tokens: int) -> bytes:
    """The body of POST /v1/responses/input_tokens. Chat and legacy completions have no token count of their own."""
    return ENCODER.encode({"object": "response.input_tokens", "input_tokens": tokens})
