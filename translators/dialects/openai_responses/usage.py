"""Token counts of a reply."""

from typing import Final

import msgspec
from msgspec import Raw, UnsetType

from translators.counts import within
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
    cached = within(read.cached_tokens, prompt)
    return Usage(
        input_tokens=prompt,
        cached_tokens=cached,
        cache_write_tokens=within(read.cache_write_tokens, prompt - cached),
        output_tokens=answer,
        reasoning_tokens=within(made.reasoning_tokens, answer),
    )


def encode_usage(usage: Usage) -> dict[str, object]:
    """The counts of a reply."""
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
