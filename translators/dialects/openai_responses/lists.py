"""Token counts at /v1/responses/input_tokens, and the list of models."""

from typing import Final

from translators.counting import count_in, with_only
from translators.dialect import Counting, ModelInfo, Target
from translators.jsonio import ENCODER
from translators.openai_lists import listed

COUNTED: Final = frozenset(
    (
        "conversation",
        "input",
        "instructions",
        "model",
        "parallel_tool_calls",
        "previous_response_id",
        "reasoning",
        "text",
        "tool_choice",
        "tools",
        "truncation",
    )
)
"""Source: InputTokenCountParams of the SDK."""


def count_request(body: bytes, _: Target) -> bytes:
    """A request of input_tokens."""
    return with_only(body, COUNTED)


def count_of(body: bytes) -> int:
    """What the answer of input_tokens says. Raises UpstreamError."""
    return count_in(body, "input_tokens")


COUNTING: Final = Counting(count_request, count_of)


def model_list(models: tuple[ModelInfo, ...]) -> bytes:
    """OpenAI's list. Codex asks for `models` in a form of its own; none there leaves it the catalogue it was built
    with, prompts and all, where a list without that field is an error in its log."""
    return ENCODER.encode({"object": "list", "data": [listed(model) for model in models], "models": []})
