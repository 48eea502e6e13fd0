"""A generateContent request -> Conversation."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from msgspec import Raw

from translators.conversation import (
    ChoiceMode,
    Conversation,
    Loss,
    OutputFormat,
    Text,
    ThinkingMode,
    ThinkingWish,
    ToolChoice,
)
from translators.dialects.gemini import request_wire as wire
from translators.dialects.gemini.decode_contents import ContentReader
from translators.dialects.gemini.decode_tools import ToolReader
from translators.dialects.gemini.schema import from_google
from translators.dialects.gemini.spelling import respelled
from translators.dialects.gemini.wire import ABSENT
from translators.errors import BadRequest
from translators.jsonio import ENCODER, UNREADABLE, check_text, is_said

TIERS: Final[Mapping[str, str]] = {"standard": "default", "flex": "flex", "priority": "priority"}
"""Source: ServiceTier of the SDK."""
JSON: Final = "application/json"
PLAIN: Final = "text/plain"
UNSPECIFIED_LEVEL: Final = "THINKING_LEVEL_UNSPECIFIED"
DYNAMIC: Final = -1
KEPT_EXTRAS: Final = ("safetySettings", "labels")
"""What only Google knows, at the top of a request."""
ONLY_GOOGLES: Final = {
    "speech_config": "speechConfig",
    "image_config": "imageConfig",
    "media_resolution": "mediaResolution",
    "audio_timestamp": "audioTimestamp",
    "enable_affective_dialog": "enableAffectiveDialog",
    "enable_enhanced_civic_answers": "enableEnhancedCivicAnswers",
    "routing_config": "routingConfig",
    "model_selection_config": "modelSelectionConfig",
}
"""The same, of how it is answered."""

_REQUEST: Final = msgspec.json.Decoder(wire.Request)


def decode_request(body: bytes) -> Conversation:
    """Raises BadRequest with the path at fault."""
    losses: list[Loss] = []
    request = _read(body, losses)
    if request.generate_content_request is not None:  # countTokens
        request = request.generate_content_request
    if request.contents is None:
        raise BadRequest("$.contents", "a value: it is required")
    if request.cached_content:
        raise BadRequest("$.cachedContent", "no cached content: only Google has it, and this model is not Google's")
    config = request.generation_config or wire.GenerationConfig()
    tools = ToolReader(losses)
    tools.read(request.tools or (), request.tool_config)
    return Conversation(
        model=(request.model or "").rpartition("models/")[2],
        messages=ContentReader(losses).read(request.contents),
        system=tuple(_system(request.system_instruction, losses)),
        tools=tuple(tools.tools),
        hosted=tuple(tools.hosted),
        tool_choice=_tool_choice(request.tool_config, tools),
        max_tokens=config.max_output_tokens,
        temperature=config.temperature,
        top_p=config.top_p,
        top_k=_top_k(config, losses),
        stop=tuple(config.stop_sequences or ()),
        seed=config.seed,
        frequency_penalty=config.frequency_penalty,
        presence_penalty=config.presence_penalty,
        logprobs=(config.logprobs or 0) if config.response_logprobs else None,
        n=config.candidate_count if config.candidate_count != 1 else None,
        stream=bool(request.stream),
        include_usage=True,
        thinking=_thinking(config.thinking_config, losses),
        output_format=_output_format(config, losses),
        service_tier=_tier(request.service_tier, losses),
        extras=_extras(request, config, losses),
        losses=tuple(losses),
    )


def _read(body: bytes, losses: list[Loss]) -> wire.Request:
    check_text(body)
    try:
        return _REQUEST.decode(body)
    except msgspec.ValidationError:
        return respelled(body, losses)
    except UNREADABLE as error:
        raise BadRequest("$", "valid JSON") from error


def _system(said: wire.RequestContent | str | None, losses: list[Loss]) -> Iterator[Text]:
    """Only text may stand there."""
    if isinstance(said, str):
        said = wire.RequestContent(parts=[wire.RequestPart(said)])
    for index, part in enumerate((said.parts if said else None) or ()):
        if part.text:
            yield Text(part.text)
        elif part != wire.RequestPart(""):
            losses.append(Loss(f"$.systemInstruction.parts[{index}]", "only text may stand in a system instruction"))
        if part.text and is_said(part.part_metadata):
            losses.append(Loss(f"$.systemInstruction.parts[{index}].partMetadata", "only Google's models know it"))


def _tool_choice(config: wire.ToolConfig | None, tools: ToolReader) -> ToolChoice | None:
    """The tools that must not be called are not there any more (see ToolReader)."""
    calling = config.function_calling_config if config is not None else None
    if calling is None:
        return None
    match (calling.mode or "").upper():
        case "ANY" if tools.allowed is not None and len(tools.allowed) == 1:
            return ToolChoice(ChoiceMode.ONE, tools.allowed[0])
        case "ANY":
            return ToolChoice(ChoiceMode.ANY)
        case "NONE":
            return ToolChoice(ChoiceMode.NONE)
        case "AUTO" | "VALIDATED":
            return ToolChoice(ChoiceMode.AUTO)
        case "" | "MODE_UNSPECIFIED":
            return None
        case mode:
            raise BadRequest("$.toolConfig.functionCallingConfig.mode", f"AUTO, ANY, NONE or VALIDATED, not {mode!r}")


def _top_k(config: wire.GenerationConfig, losses: list[Loss]) -> int | None:
    if config.top_k is None:
        return None
    if not config.top_k.is_integer():
        losses.append(Loss("$.generationConfig.topK", f"{config.top_k} is no whole number: it was rounded"))
    return round(config.top_k)


def _thinking(config: wire.ThinkingConfig | None, losses: list[Loss]) -> ThinkingWish | None:
    """Google's models think where nothing is said: a wish to see it is one to think."""
    if config is None:
        return None
    visible, budget, level = config.include_thoughts, config.thinking_budget, (config.thinking_level or "").upper()
    if level == UNSPECIFIED_LEVEL:
        level = ""
    if budget is not None:
        if level:
            losses.append(Loss("$.generationConfig.thinkingConfig.thinkingLevel", "the budget stands over the level"))
        if budget == 0:
            return ThinkingWish(ThinkingMode.OFF, visible=visible)
        if budget > 0:
            return ThinkingWish(ThinkingMode.ON, budget_tokens=budget, visible=visible)
        return ThinkingWish(ThinkingMode.AUTO, visible=visible)
    if level:
        return ThinkingWish(ThinkingMode.ON, level.lower(), visible=visible)
    return ThinkingWish(ThinkingMode.AUTO, visible=True) if visible else None


def _output_format(config: wire.GenerationConfig, losses: list[Loss]) -> OutputFormat | None:
    kind = config.response_mime_type or PLAIN
    if kind == JSON:
        return OutputFormat(_output_schema(config, losses))
    if kind != PLAIN:
        losses.append(Loss("$.generationConfig.responseMimeType", f"an answer of type {kind!r}"))
    return None


def _output_schema(config: wire.GenerationConfig, losses: list[Loss]) -> Raw | None:
    """Google's SDKs put Google's own words into either field."""
    fields = (("responseJsonSchema", config.response_json_schema), ("responseSchema", config.response_schema))
    given = [(name, raw) for name, raw in fields if is_said(raw)]
    losses += [Loss(f"$.generationConfig.{name}", "responseJsonSchema stands over it") for name, _ in given[1:]]
    return from_google(given[0][1], f"$.generationConfig.{given[0][0]}") if given else None


def _tier(tier: str | None, losses: list[Loss]) -> str | None:
    if tier is None or tier.lower() in ("", "unspecified"):
        return None
    known = TIERS.get(tier.lower())
    if known is None:
        losses.append(Loss("$.serviceTier", f"unknown tier {tier!r}"))
    return known


def _extras(request: wire.Request, config: wire.GenerationConfig, losses: list[Loss]) -> Mapping[str, Raw]:
    """What only Google knows."""
    found = {"safetySettings": request.safety_settings, "labels": request.labels}
    extras = {key: value for key, value in found.items() if is_said(value)}
    for name, word in ONLY_GOOGLES.items():
        value = getattr(config, name)
        if value is not None and value is not ABSENT and value != Raw(b"null"):
            extras[f"generationConfig.{word}"] = Raw(ENCODER.encode(value))
    if any(kind.upper() != "TEXT" for kind in config.response_modalities or ()):
        losses.append(Loss("$.generationConfig.responseModalities", "an answer that is more than text"))
    return extras
