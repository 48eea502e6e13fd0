"""Words that stand in replies, both ways: stop reasons, token counts, a call's arguments."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from translators.dialects.anthropic.reply_wire import ABSENT, WireUsage
from translators.events import StopReason, Usage
from translators.jsonio import text_of

STOP: Final[Mapping[str, StopReason]] = {
    "end_turn": StopReason.END_TURN,
    "stop_sequence": StopReason.STOP_SEQUENCE,
    "max_tokens": StopReason.LENGTH,
    "model_context_window_exceeded": StopReason.LENGTH,
    "tool_use": StopReason.TOOL_USE,
    "refusal": StopReason.REFUSAL,
    "pause_turn": StopReason.PAUSE,
}
STOP_WORD: Final[Mapping[StopReason, str]] = {
    StopReason.END_TURN: "end_turn",
    StopReason.STOP_SEQUENCE: "stop_sequence",
    StopReason.LENGTH: "max_tokens",
    StopReason.TOOL_USE: "tool_use",
    StopReason.REFUSAL: "refusal",
    StopReason.PAUSE: "pause_turn",
}


UNSHOWN: Final = "(the model made data of type {what}, which this API can't show)"
"""In place of a picture, sound or a file."""


def stop_of(word: str | None, calls: int) -> StopReason:
    """What a stop reason means; one that nobody knows is an end, one that was never given is what the parts show."""
    if word is None and calls:
        return StopReason.TOOL_USE
    return STOP.get(word or "", StopReason.END_TURN)


def stop_word(stop: StopReason, *, calls: int, refused: bool) -> str:
    """What to tell the client: it runs its tools only for `tool_use`, and has none to run without a call."""
    if refused and stop is StopReason.END_TURN:
        return "refusal"
    if calls and stop is StopReason.END_TURN:
        return "tool_use"
    if not calls and stop is StopReason.TOOL_USE:
        return "end_turn"
    return STOP_WORD[stop]


def merged(before: Usage | None, usage: WireUsage | None) -> Usage | None:
    """What is known after one more count: of each number the last one given."""
    if usage is None:
        return before
    known = before or Usage()
    read, written = known.cached_tokens, known.cache_write_tokens
    fresh = known.input_tokens - read - written
    fresh = fresh if usage.input_tokens is None else usage.input_tokens
    read = read if usage.cache_read_input_tokens is None else usage.cache_read_input_tokens
    written = written if usage.cache_creation_input_tokens is None else usage.cache_creation_input_tokens
    details = usage.output_tokens_details
    thought = details.thinking_tokens if details else None
    split = usage.cache_creation.ephemeral_1h_input_tokens if usage.cache_creation else None
    searches = usage.server_tool_use.web_search_requests if usage.server_tool_use else None
    return Usage(
        input_tokens=fresh + read + written,
        cached_tokens=read,
        cache_write_tokens=written,
        output_tokens=known.output_tokens if usage.output_tokens is None else usage.output_tokens,
        reasoning_tokens=known.reasoning_tokens if thought is None else thought,
        cache_write_1h_tokens=min(written, known.cache_write_1h_tokens if split is None else split),
        searches=known.searches if searches is None else searches,
    )


def usage_fields(usage: Usage | None) -> dict[str, Any]:
    """All counts as Anthropic words them; clients fail without them."""
    usage = usage or Usage()
    fields: dict[str, Any] = {
        "input_tokens": max(0, usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens),
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
    }
    if usage.cache_write_1h_tokens:
        fields["cache_creation"] = {
            "ephemeral_5m_input_tokens": max(0, usage.cache_write_tokens - usage.cache_write_1h_tokens),
            "ephemeral_1h_input_tokens": usage.cache_write_1h_tokens,
        }
    if usage.searches:
        fields["server_tool_use"] = {"web_search_requests": usage.searches, "web_fetch_requests": 0}
    if usage.reasoning_tokens:
        fields["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return fields


def arguments_of(raw: Raw) -> str:
    """The input of a call as text; "" for an empty one. Compatibles send null too, and an object as a string."""
    if raw is ABSENT:
        return ""
    text = text_of(raw).strip()
    if text.startswith('"'):
        text = msgspec.json.decode(text, type=str).strip()
    return "" if text == "null" or not text.strip("{} \t\r\n") else text
