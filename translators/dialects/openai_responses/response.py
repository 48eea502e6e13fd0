"""The reply's own object, which repeats much of its request."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from translators.dialect import Context
from translators.dialects.openai_responses.usage import encode_usage
from translators.events import ReplyStart, StopReason, Usage
from translators.names import reply_id

ID_PREFIX: Final = "resp_"
WHY_INCOMPLETE: Final[Mapping[StopReason, str]] = {
    StopReason.LENGTH: "max_output_tokens",
    StopReason.REFUSAL: "content_filter",
}
_UNLESS_ASKED: Final[Mapping[str, Any]] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "user": None,
}
"""What a request asks for that does not say."""
_AS_IT_IS: Final[Mapping[str, Any]] = {"background": False, "store": False, "truncation": "disabled"}
"""Whatever the request asks for: nothing is kept here, nor left out."""


class Response:
    """`begun`: as the first events show it."""

    def __init__(self, start: ReplyStart, context: Context) -> None:
        self.id = reply_id(start.id, ID_PREFIX, context.reply_id)
        self.begun: dict[str, Any] = {
            "id": self.id,
            "object": "response",
            "created_at": context.created_s,
            "status": "in_progress",
            "error": None,
            "incomplete_details": None,
            "model": context.model or start.model,
            "output": [],
            "previous_response_id": None,
            "usage": None,
            **_UNLESS_ASKED,
            **{name: _compact(raw) for name, raw in context.echo.items()},
            **_AS_IT_IS,
        }
        self._prompt = start.usage

    def ended(self, why: str | None, output: list[Any], usage: Usage | None) -> dict[str, Any]:
        """As its end shows it. `why`: it is incomplete, None where it is not."""
        return {
            **self.begun,
            "status": "completed" if why is None else "incomplete",
            "incomplete_details": None if why is None else {"reason": why},
            "output": output,
            "usage": encode_usage(usage or self._prompt or Usage()),
        }


def why_incomplete(stop: StopReason, *, refused: bool) -> str | None:
    """The vendor's word for it. `refused`: the model declined in words of its own, which is an answer."""
    return None if stop is StopReason.REFUSAL and refused else WHY_INCOMPLETE.get(stop)


def _compact(raw: Raw) -> Raw:
    """In a frame there are no newlines."""
    return Raw(msgspec.json.format(raw, indent=-1))
