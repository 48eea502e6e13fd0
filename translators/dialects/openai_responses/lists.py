"""The list of models."""

from translators.dialect import ModelInfo
from translators.jsonio import ENCODER
from translators.openai_lists import listed


def model_list(models: tuple[ModelInfo, ...]) -> bytes:
    """OpenAI's list. Codex asks for `models` in a form of its own; none there leaves it the catalogue it was built
    with, prompts and all, where a list without that field is an error in its log."""
    return ENCODER.encode({"object": "list", "data": [listed(model) for model in models], "models": []})
