"""Chat requests -> the neutral conversation."""

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Raw

from translators import tolerant
from translators.conversation import (
    Conversation,
    Loss,
    OutputFormat,
    ThinkingMode,
    ThinkingWish,
)
from translators.dialects.openai_chat import wire
from translators.dialects.openai_chat.decode_messages import MessageReader
from translators.dialects.openai_chat.decode_tools import choice_of, hosted_of, schema_of, tools_of
from translators.errors import BadRequest
from translators.jsonio import UNREADABLE, all_of, check_text

_REQUEST: Final = msgspec.json.Decoder(wire.Request)
_SAYS_NOTHING: Final = {"store": b"false"}
"""Extras whose value is what happens anyway."""

_ROLES: Final = "one of developer, system, user, assistant, tool, function"


def decode_request(body: bytes) -> Conversation:
    """Chat JSON -> Conversation. Raises BadRequest with the path at fault."""
    request, losses = _read(body)
    if not request.model:
        raise BadRequest("$.model", "the name of a model")
    if not request.messages:
        raise BadRequest("$.messages", "at least one message")
    reader = MessageReader()
    for index, message in enumerate(request.messages):
        reader.take(message, index)
    more: list[Loss] = []
    tools, hosted = tools_of(request, more), hosted_of(request, more)
    legacy = _is_legacy(request)
    choice, allowed = choice_of(request)
    if allowed is not None:
        more += [
            Loss(f"$.tools[{index}]", "not among the allowed tools")
            for index, tool in enumerate(tools)
            if tool.name not in allowed
        ]
        tools = tuple(tool for tool in tools if tool.name in allowed)
    if choice is not None and choice.name and not choice.hosted and all(tool.name != choice.name for tool in tools):
        more.append(Loss("$.tool_choice", "the tool that it asks for is not there"))
        choice = None
    return Conversation(
        model=request.model,
        messages=reader.messages(),
        system=tuple(reader.system),
        tools=tools,
        hosted=hosted,
        tool_choice=choice,
        parallel_tool_calls=False if legacy else request.parallel_tool_calls,
        max_tokens=request.max_completion_tokens if request.max_tokens is None else request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        stop=all_of(request.stop),
        seed=request.seed,
        frequency_penalty=request.frequency_penalty,
        presence_penalty=request.presence_penalty,
        logprobs=(request.top_logprobs or 0) if request.logprobs else None,
        n=request.n,
        stream=bool(request.stream),
        include_usage=request.stream_options is not None and bool(request.stream_options.include_usage),
        thinking=_thinking(request),
        output_format=_output_format(request.response_format),
        user=request.user,
        service_tier=request.service_tier,
        extras=_extras(request),
        legacy_calls=legacy,
        losses=(*losses, *reader.losses, *more, *_unheard(request)),
    )


def _is_legacy(request: wire.Request) -> bool:
    """Whether the client knows of functions alone: it reads no `tool_calls`."""
    return bool(request.functions) and not request.tools


def _unheard(request: wire.Request) -> Iterator[Loss]:
    """What stands beside a field that says the same, or that nothing is done about."""
    if request.max_tokens is not None and request.max_completion_tokens not in (None, request.max_tokens):
        yield Loss("$.max_completion_tokens", "max_tokens says something else, which counts")
    if request.top_logprobs and not request.logprobs:
        yield Loss("$.top_logprobs", "logprobs are not asked for")
    if request.stream_options is not None and request.stream_options.include_obfuscation is not None:
        yield Loss("$.stream_options.include_obfuscation", "translated streams have none")
    if request.parallel_tool_calls and _is_legacy(request):
        yield Loss("$.parallel_tool_calls", "functions are called one at a time")
    if request.tool_choice is not None and request.function_call is not None:
        yield Loss("$.function_call", "tool_choice says it already")
    wishes = {
        "reasoning_effort": request.reasoning_effort,
        "reasoning": request.reasoning,
        "thinking": request.thinking,
    }
    given = [key for key, value in wishes.items() if value is not None]
    for key in given[1:]:
        yield Loss(f"$.{key}", f"{given[0]} says it already")


def _read(body: bytes) -> tuple[wire.Request, tuple[Loss, ...]]:
    check_text(body)
    try:
        return _REQUEST.decode(body), ()
    except msgspec.ValidationError:
        request, losses = tolerant.decode(body, wire.Request)
    except UNREADABLE as error:
        raise BadRequest("$", "valid JSON") from error
    for loss in losses:
        if loss.path.startswith("$.messages[") and loss.path.count("[") == 1:
            raise BadRequest(f"{loss.path}.role", _ROLES)
    return request, losses


def _thinking(request: wire.Request) -> ThinkingWish | None:
    """OpenAI's word goes first, then those of compatible vendors."""
    if request.reasoning_effort is not None:
        return _wish(request.reasoning_effort)
    if request.reasoning is not None:
        return _open_router_wish(request.reasoning)
    if request.thinking is not None:
        return _anthropic_style_wish(request.thinking)
    return None


def _wish(effort: str) -> ThinkingWish:
    if effort == "none":
        return ThinkingWish(ThinkingMode.OFF)
    if effort == "auto":
        return ThinkingWish(ThinkingMode.AUTO)
    return ThinkingWish(ThinkingMode.ON, effort=effort)


def _open_router_wish(reasoning: wire.Reasoning) -> ThinkingWish:
    visible = None if reasoning.exclude is None else not reasoning.exclude
    if reasoning.enabled is False or reasoning.effort == "none":
        return ThinkingWish(ThinkingMode.OFF, visible=visible)
    mode = ThinkingMode.AUTO if reasoning.effort is None and reasoning.max_tokens is None else ThinkingMode.ON
    return ThinkingWish(mode, reasoning.effort, reasoning.max_tokens, visible)


def _anthropic_style_wish(thinking: wire.Thinking) -> ThinkingWish | None:
    match thinking.type:
        case "disabled":
            return ThinkingWish(ThinkingMode.OFF)
        case "enabled":
            return ThinkingWish(ThinkingMode.ON, budget_tokens=thinking.budget_tokens)
        case "auto" | "adaptive":
            return ThinkingWish(ThinkingMode.AUTO)
        case _:
            return None


def _output_format(wanted: wire.ResponseFormat | None) -> OutputFormat | None:
    if wanted is None or wanted.type == "text":
        return None
    if wanted.type == "json_object":
        return OutputFormat()
    schema = wanted.json_schema
    if wanted.type != "json_schema" or schema is None:
        raise BadRequest("$.response_format", "type text, json_object, or json_schema with its json_schema")
    return OutputFormat(
        schema=schema_of(schema.schema, "$.response_format.json_schema.schema"),
        name=schema.name,
        description=schema.description or "",
        strict=schema.strict,
    )


def _extras(request: wire.Request) -> dict[str, Raw]:
    extras = wire.extras_of(request)
    return {key: value for key, value in extras.items() if bytes(value) != _SAYS_NOTHING.get(key)}
