"""The vendor's words for how a reply ended and what it cost."""

from collections.abc import Mapping
from typing import Any, Final

from translators.counts import within
from translators.dialects.gemini.wire import Modality, WireUsage
from translators.events import StopReason, Usage

NAME: Final = "gemini"

SKIP_SIGNATURE: Final = "skip_thought_signature_validator"
"""Stands for the signature of a call that comes from elsewhere.

Source: ai.google.dev/gemini-api/docs/thought-signatures.
"""

STOPS: Final[Mapping[str, StopReason]] = {
    "STOP": StopReason.END_TURN,
    "MAX_TOKENS": StopReason.LENGTH,
    "SAFETY": StopReason.REFUSAL,
    "RECITATION": StopReason.REFUSAL,
    "LANGUAGE": StopReason.REFUSAL,
    "BLOCKLIST": StopReason.REFUSAL,
    "PROHIBITED_CONTENT": StopReason.REFUSAL,
    "SPII": StopReason.REFUSAL,
    "MODEL_ARMOR": StopReason.REFUSAL,
    "IMAGE_SAFETY": StopReason.REFUSAL,
    "IMAGE_PROHIBITED_CONTENT": StopReason.REFUSAL,
    "IMAGE_RECITATION": StopReason.REFUSAL,
    "OTHER": StopReason.REFUSAL,
    "IMAGE_OTHER": StopReason.REFUSAL,
}
"""Source: FinishReason of the SDK. Those that are not here (a malformed call, no image) are the end of a turn."""

STOP_WORDS: Final[Mapping[StopReason, str]] = {
    StopReason.END_TURN: "STOP",
    StopReason.STOP_SEQUENCE: "STOP",
    StopReason.LENGTH: "MAX_TOKENS",
    StopReason.TOOL_USE: "STOP",
    StopReason.REFUSAL: "SAFETY",
    StopReason.PAUSE: "STOP",
}
SOUND: Final = "AUDIO"
"""Source: MediaModality of the SDK."""
BAD_CALL: Final = "MALFORMED_FUNCTION_CALL"

UNSPECIFIED: Final = frozenset(("FINISH_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED", "BLOCK_REASON_UNSPECIFIED"))


def stop_of(word: str, calls: int) -> StopReason:
    """Why the model stopped. The vendor has no word for calls; a limit that was hit wins over them."""
    stop = STOPS.get(word, StopReason.END_TURN)
    return StopReason.TOOL_USE if calls and stop is StopReason.END_TURN else stop


def stop_word(stop: StopReason, *, refused: bool, malformed: bool) -> str:
    """What to tell the client. `malformed`: a call was left out, since its arguments are no object."""
    if malformed and stop is not StopReason.LENGTH:
        return BAD_CALL
    return "SAFETY" if refused and stop is StopReason.END_TURN else STOP_WORDS[stop]


def usage_fields(usage: Usage) -> dict[str, Any]:
    """The counts as Google words them; those of the cache, of thoughts and of sound where there are any."""
    fields: dict[str, Any] = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": max(0, usage.output_tokens - usage.reasoning_tokens),
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
    if usage.cached_tokens:
        fields["cachedContentTokenCount"] = usage.cached_tokens
    if usage.reasoning_tokens:
        fields["thoughtsTokenCount"] = usage.reasoning_tokens
    if usage.input_audio_tokens:
        fields["promptTokensDetails"] = _kinds(usage.input_tokens, usage.input_audio_tokens)
    if usage.output_audio_tokens:
        fields["candidatesTokensDetails"] = _kinds(fields["candidatesTokenCount"], usage.output_audio_tokens)
    return fields


def _kinds(tokens: int, sound: int) -> list[dict[str, object]]:
    rest = max(0, tokens - sound)
    kinds: list[dict[str, object]] = [{"modality": "TEXT", "tokenCount": rest}] if rest else []
    return [*kinds, {"modality": SOUND, "tokenCount": sound}]


def usage_of(wire: WireUsage) -> Usage | None:
    """The counts; None where the vendor gave none (Vertex names a kind of traffic alone, until the last chunk)."""
    thoughts = wire.thoughts_token_count or 0
    told = (wire.prompt_token_count, wire.candidates_token_count, wire.thoughts_token_count)
    if all(count is None for count in told):
        return None
    prompt = (wire.prompt_token_count or 0) + (wire.tool_use_prompt_token_count or 0)
    answer = wire.candidates_token_count or 0
    return Usage(
        input_tokens=prompt,
        cached_tokens=within(wire.cached_content_token_count, prompt),
        output_tokens=answer + thoughts,
        reasoning_tokens=thoughts,
        input_audio_tokens=within(_of_sound(wire.prompt_tokens_details), prompt),
        output_audio_tokens=within(_of_sound(wire.candidates_tokens_details), answer),
    )


def _of_sound(kinds: list[Modality] | None) -> int:
    return sum(kind.token_count or 0 for kind in kinds or () if kind.modality == SOUND)


def merged(before: WireUsage | None, wire: WireUsage | None) -> WireUsage | None:
    """Each count as it was told last. What was told first is filled into `wire`."""
    if before is None or wire is None:
        return wire if before is None else before
    for name in WireUsage.__struct_fields__:
        if getattr(wire, name) is None:
            setattr(wire, name, getattr(before, name))
    return wire
