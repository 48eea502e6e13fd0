"""The small bodies: model lists and token counts."""

from translators.dialect import ModelInfo
from translators.jsonio import ENCODER


def model_list(models: tuple[ModelInfo, ...]) -> bytes:
    """OpenAI's list. Codex asks for `models` in a form of its own; none there leaves it the catalogue it was built
    with, prompts and all, where a list without that field is an error in its log."""
    return ENCODER.encode({"object": "list", "data": [_model(model) for model in models], "models": []})


def one_model(model: ModelInfo) -> bytes:
    """One entry of it."""
    return ENCODER.encode(_model(model))


def _model(model: ModelInfo) -> dict[str, object]:
    return {"id": model.id, "object": "model", "created": model.created_s, "owned_by": model.owner}


def count_reply(tokens: int) -> bytes:
    """The body of POST /v1/responses/input_tokens."""
    return ENCODER.encode({"object": "response.input_tokens", "input_tokens": tokens})
