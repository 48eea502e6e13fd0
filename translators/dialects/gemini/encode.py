"""Conversation -> generateContent JSON. Model and stream stand in the path."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Raw, Struct

from translators.beside import unsaid_beside
from translators.conversation import Conversation, Loss, OutputFormat
from translators.dialect import EncodedRequest, Target
from translators.dialects.gemini import request_wire as wire
from translators.dialects.gemini.decode import JSON, KEPT_EXTRAS
from translators.dialects.gemini.encode_tools import NOTHING, declaration, functions_of, hosted_of, tool_config
from translators.dialects.gemini.encode_turns import TurnWriter
from translators.dialects.gemini.models import Model, model_of
from translators.dialects.gemini.wire import ABSENT
from translators.dialects.gemini.wish import thinking_of
from translators.errors import BadRequest
from translators.google_schema import google_schema
from translators.jsonio import ENCODER, UNREADABLE
from translators.names import Names, tool_names
from translators.structured import json_tool_name

MAX_NAME: Final = 64
ALSO_IN_NAMES: Final = ".:"
MAX_STOPS: Final = 5
MAX_TEMPERATURE: Final = 2.0
MAX_PENALTY: Final = 2.0
MAX_LOGPROBS: Final = 20
MAX_SEED: Final = (1 << 31) - 1
JSON_TOOL_WORDS: Final = "Give the whole answer by calling this function: its arguments are the answer."
TIERS: Final[Mapping[str, str]] = {"default": "standard", "flex": "flex", "priority": "priority", "fast": "priority"}

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])


def encode_request(conversation: Conversation, target: Target) -> EncodedRequest:
    """What can't be said is among the losses. Raises BadRequest where nothing is left to be said, or a schema is
    none."""
    losses: list[Loss] = []
    model = model_of(target.model)
    names = Names(tool_names(conversation), MAX_NAME, also=ALSO_IN_NAMES, letter_first=True)
    contents = TurnWriter(names, model, target, losses).write(conversation)
    system = [wire.RequestPart(text.text) for text in conversation.system if text.text]
    if not contents and system:  # Words for the system alone are the user's.
        contents, system = [wire.RequestContent("user", system)], []
    if not contents:
        raise BadRequest("$.messages", "at least one message with content that Gemini can carry")
    functions = functions_of(conversation.tools, names, target, losses)
    config = tool_config(conversation, functions, names, losses)
    answer = _structured(conversation.output_format, functions, config, model, target, losses)
    tools = [wire.RequestTool(answer.functions)] if answer.functions else []
    tools += hosted_of(conversation.hosted, bool(answer.functions), losses)
    extras = _extras(conversation, losses)
    request = wire.Request(
        contents=contents,
        system_instruction=wire.RequestContent(parts=system) if system else None,
        tools=tools or None,
        tool_config=answer.config,
        generation_config=_generation(conversation, answer, model, target, losses),
        service_tier=_tier(conversation.service_tier, losses),
        safety_settings=extras.get("safetySettings", ABSENT),
        labels=extras.get("labels", ABSENT),
    )
    losses += unsaid_beside(conversation)
    return EncodedRequest(ENCODER.encode(request), tuple(losses), names.changed, answer.json_tool)


class _Answer(Struct, frozen=True):
    """How the answer's form is asked for: by a media type and a schema, by a function, or not at all."""

    functions: list[wire.Declaration]
    config: wire.ToolConfig | None = None
    media_type: str | None = None
    schema: Raw = ABSENT
    json_schema: Raw = ABSENT
    json_tool: str | None = None


def _structured(
    wanted: OutputFormat | None,
    functions: list[wire.Declaration],
    config: wire.ToolConfig | None,
    model: Model,
    target: Target,
    losses: list[Loss],
) -> _Answer:
    """Models before the third generation give JSON only where there are no functions: then one stands for it."""
    if wanted is None:
        return _Answer(functions, config)
    path = "$.output_format"
    if wanted.description and wanted.schema is not None:
        losses.append(Loss(f"{path}.description", "Google's schemas have their own"))
    if functions and not model.is_third:
        return _by_function(wanted, functions, config, target, losses)
    if wanted.schema is None:
        return _Answer(functions, config, JSON)
    if target.genuine:
        return _Answer(functions, config, JSON, json_schema=_checked(wanted.schema, path))
    fitted = google_schema(wanted.schema, path)
    if fitted.unsaid:
        losses.append(Loss(path, f"Google's schemas lack {', '.join(fitted.unsaid)}: said in descriptions, if at all"))
    return _Answer(functions, config, JSON, fitted.schema)


def _by_function(
    wanted: OutputFormat,
    functions: list[wire.Declaration],
    config: wire.ToolConfig | None,
    target: Target,
    losses: list[Loss],
) -> _Answer:
    calling = config.function_calling_config if config is not None else None
    if calling is not None and calling.allowed_function_names:
        losses.append(Loss("$.output_format", "one function must be called, so there is no answer to give a form"))
        return _Answer(functions, config)
    name = json_tool_name({function.name for function in functions})
    is_only = calling is not None and calling.mode == "NONE"
    schema = wanted.schema or NOTHING
    asked = declaration(name, JSON_TOOL_WORDS, schema, target, "$.output_format", losses)
    chosen = wire.ToolConfig(wire.Calling("ANY", [name] if is_only else None))
    return _Answer([*functions, asked], chosen, json_tool=name)


def _checked(schema: Raw, path: str) -> Raw:
    try:
        _OBJECT.decode(schema)
    except UNREADABLE as error:
        raise BadRequest(path, "a JSON schema") from error
    return schema


def _generation(
    conversation: Conversation, answer: _Answer, model: Model, target: Target, losses: list[Loss]
) -> wire.GenerationConfig | None:
    if conversation.n is not None and conversation.n > 1:
        losses.append(Loss("$.n", "one answer is asked for"))
    config = wire.GenerationConfig(
        temperature=_at_most(conversation.temperature, MAX_TEMPERATURE, "temperature", losses),
        top_p=conversation.top_p,
        top_k=conversation.top_k,
        max_output_tokens=_at_most(conversation.max_tokens, target.max_output_tokens, "max_tokens", losses),
        stop_sequences=_stop(conversation.stop, losses) or None,
        seed=_seed(conversation.seed, losses),
        presence_penalty=_at_most(conversation.presence_penalty, MAX_PENALTY, "presence_penalty", losses),
        frequency_penalty=_at_most(conversation.frequency_penalty, MAX_PENALTY, "frequency_penalty", losses),
        response_mime_type=answer.media_type,
        response_schema=answer.schema,
        response_json_schema=answer.json_schema,
        response_logprobs=True if conversation.logprobs is not None else None,
        logprobs=_at_most(conversation.logprobs or None, MAX_LOGPROBS, "logprobs", losses),
        thinking_config=thinking_of(conversation.thinking, model, target, losses),
    )
    return config if config != wire.GenerationConfig() else None


def _at_most[T: (int, float)](value: T | None, limit: T | None, name: str, losses: list[Loss]) -> T | None:
    if value is None or limit is None or value <= limit:
        return value
    losses.append(Loss(f"$.{name}", f"{value} is more than {limit}, which was sent"))
    return limit


def _stop(words: tuple[str, ...], losses: list[Loss]) -> list[str]:
    kept = [word for word in words if word]
    losses += [Loss(f"$.stop[{index}]", f"more than {MAX_STOPS} stop strings") for index in range(MAX_STOPS, len(kept))]
    return kept[:MAX_STOPS]


def _seed(seed: int | None, losses: list[Loss]) -> int | None:
    if seed is None or -MAX_SEED <= seed <= MAX_SEED:
        return seed
    losses.append(Loss("$.seed", "a seed of more than 32 bits: another was sent"))
    return seed & MAX_SEED


def _tier(tier: str | None, losses: list[Loss]) -> str | None:
    if tier in (None, "auto"):
        return None
    known = TIERS.get(tier or "")
    if known is None:
        losses.append(Loss("$.service_tier", f"Google has no tier {tier!r}"))
    return known


def _extras(conversation: Conversation, losses: list[Loss]) -> dict[str, Raw]:
    """Fields of Google's own go out as they came; others can't be said."""
    losses += [Loss(f"$.{key}", "Gemini has no such field") for key in conversation.extras if key not in KEPT_EXTRAS]
    if conversation.user is not None:
        losses.append(Loss("$.user", "Gemini has no such field"))
    return {key: value for key, value in conversation.extras.items() if key in KEPT_EXTRAS}
