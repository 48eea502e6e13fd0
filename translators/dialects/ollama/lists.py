"""Model lists, as /api/tags and /api/show have them."""

from collections.abc import Iterator
from typing import Any

from translators.dialect import ModelInfo
from translators.jsonio import ENCODER
from translators.timestamp import timestamp


def model_list(models: tuple[ModelInfo, ...]) -> bytes:
    """Everybody's models; of files on a disk there is nothing to tell."""
    return ENCODER.encode({"models": [_listed(model) for model in models]})


def one_model(model: ModelInfo) -> bytes:
    """What a client must know of a model before it uses it."""
    info: dict[str, Any] = {"general.architecture": model.owner, "general.basename": model.display_name or model.id}
    if model.max_input_tokens:
        info[f"{model.owner}.context_length"] = model.max_input_tokens
    return ENCODER.encode(
        {
            "modelfile": "",
            "parameters": "",
            "template": "",
            "modified_at": timestamp(model.created_s),
            "details": _details(model),
            "model_info": info,
            "capabilities": list(_capabilities(model)),
        }
    )


def count_reply(tokens: int) -> bytes:
    """Ollama counts no tokens."""
    return ENCODER.encode({"prompt_eval_count": tokens})


def _listed(model: ModelInfo) -> dict[str, Any]:
    return {
        "name": model.id,
        "model": model.id,
        "modified_at": timestamp(model.created_s),
        "size": 0,
        "digest": "",
        "details": _details(model),
    }


def _details(model: ModelInfo) -> dict[str, Any]:
    return {
        "parent_model": "",
        "format": "",
        "family": model.owner,
        "families": [model.owner],
        "parameter_size": "",
        "quantization_level": "",
    }


def _capabilities(model: ModelInfo) -> Iterator[str]:
    yield "completion"
    yield "tools"
    if "image" in model.input_modalities:
        yield "vision"
    if model.thinking is not None and model.thinking.thinks:
        yield "thinking"
