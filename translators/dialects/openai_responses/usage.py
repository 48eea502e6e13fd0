"""Token counts of a reply."""

from typing import Final

import msgspec
from msgspec import Raw, UnsetType

from translators.dialects.openai_responses import wire
from translators.events import Usage
from translators.jsonio import UNREADABLE

_USAGE: Final = msgspec.json.Decoder(wire.Usage | None, strict=False)


def decode_usage(raw: Raw | UnsetType) -> Usage | None:
    """Counts that add up: parts are never more than their whole. None where there are none that can be read."""
    if not isinstance(raw, Raw):
        return None
    try:
        said = _USAGE.decode(raw)
    except UNREADABLE:
        return None
    if said is None:
        return None
    prompt, answer = max(said.input_tokens or 0, 0), max(said.output_tokens or 0, 0)
    read = said.input_tokens_details or wire.InputDetails()
    made = said.output_tokens_details or wire.OutputDetails()
    cached = _within(read.cached_tokens, prompt)
    return Usage(
        input_tokens=prompt,
        cached_tokens=cached,
        cache_write_tokens=_within(read.cache_write_tokens, prompt - cached),
        output_tokens=answer,
        reasoning_tokens=_within(made.reasoning_tokens, answer),
    )


def _within(part: int | None, whole: int) -> int:
    return min(max(part or 0, 0), whole)
