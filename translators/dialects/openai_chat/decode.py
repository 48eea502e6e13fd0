"""Chat requests -> the neutral conversation."""

from typing import Final

import msgspec
from msgspec import Raw, UnsetType

from translators import tolerant
from translators.conversation import (
    ChoiceMode,
    Conversation,
    Loss,
    OutputFormat,
    ThinkingMode,
    ThinkingWish,
    Tool,
    ToolChoice,
)
from translators.dialects.openai_chat import wire
from translators.dialects.openai_chat.decode_messages import MessageReader, cache_mark
from translators.errors import BadRequest
from translators.jsonio import UNREADABLE, check_text

_REQUEST: Final = msgspec.json.Decoder(wire.Request)
_SAYS_NOTHING: Final = {"n": b"1", "logprobs": b"false", "store": b"false"}
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
    tools = _tools(request)
    choice, allowed = _tool_choice(request)
    if allowed is not None:
        tools = tuple(tool for tool in tools if tool.name in allowed)
    return Conversation(
        model=request.model,
        messages=reader.messages(),
        system=tuple(reader.system),
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=request.parallel_tool_calls,
        max_tokens=request.max_completion_tokens if request.max_tokens is None else request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        stop=_stop(request.stop),
        seed=request.seed,
        frequency_penalty=request.frequency_penalty,
        presence_penalty=request.presence_penalty,
        stream=bool(request.stream),
        include_usage=request.stream_options is not None and bool(request.stream_options.include_usage),
        thinking=_thinking(request),
        output_format=_output_format(request.response_format),
        user=request.user,
        service_tier=request.service_tier,
        extras=_extras(request),
        losses=(*losses, *reader.losses),
    )


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


def _tools(request: wire.Request) -> tuple[Tool, ...]:
    declared = [
        _tool(tool.function, tool.cache_control, f"$.tools[{index}].function.parameters")
        for index, tool in enumerate(request.tools or ())
    ]
    legacy = [
        _tool(function, None, f"$.functions[{index}].parameters")
        for index, function in enumerate(request.functions or ())
    ]
    return (*declared, *legacy)


def _tool(function: wire.FunctionSpec, mark: wire.CacheControl | None, path: str) -> Tool:
    return Tool(
        name=function.name,
        description=function.description or "",
        schema=_schema(function.parameters, path),
        strict=function.strict,
        cache=cache_mark(mark),
    )


def _schema(given: Raw | UnsetType, path: str) -> Raw | None:
    """A schema stays unread, but is an object; null says nothing."""
    if not isinstance(given, Raw) or bytes(given) == b"null":
        return None
    if not bytes(given).startswith(b"{"):
        raise BadRequest(path, "a JSON schema: an object")
    return given


_MODES: Final = {
    "auto": ChoiceMode.AUTO,
    "none": ChoiceMode.NONE,
    "required": ChoiceMode.ANY,
    "any": ChoiceMode.ANY,  # Mistral's word
}


def _tool_choice(request: wire.Request) -> tuple[ToolChoice | None, frozenset[str] | None]:
    """The choice, and the only tools that it leaves where it names some."""
    choice = request.tool_choice
    if choice is None:
        return _legacy_choice(request.function_call), None
    if isinstance(choice, str):
        if choice not in _MODES:
            raise BadRequest("$.tool_choice", "auto, none, required or an object that names a tool")
        return ToolChoice(_MODES[choice]), None
    if choice.allowed_tools is not None:
        allowed = choice.allowed_tools
        names = frozenset(tool.function.name for tool in allowed.tools if tool.function is not None)
        return ToolChoice(_MODES.get(allowed.mode, ChoiceMode.AUTO)), names
    named = choice.function or choice.custom
    if named is None:
        raise BadRequest("$.tool_choice", "auto, none, required or an object that names a tool")
    return ToolChoice(ChoiceMode.ONE, named.name), None


def _legacy_choice(choice: str | wire.Named | None) -> ToolChoice | None:
    if choice is None:
        return None
    if isinstance(choice, str):
        return ToolChoice(_MODES.get(choice, ChoiceMode.AUTO))
    return ToolChoice(ChoiceMode.ONE, choice.name)


def _stop(stop: str | list[str] | None) -> tuple[str, ...]:
    if stop is None:
        return ()
    return (stop,) if isinstance(stop, str) else tuple(stop)


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
        schema=_schema(schema.schema, "$.response_format.json_schema.schema"),
        name=schema.name,
        description=schema.description or "",
        strict=schema.strict,
    )


def _extras(request: wire.Request) -> dict[str, Raw]:
    extras = wire.extras_of(request)
    return {key: value for key, value in extras.items() if bytes(value) != _SAYS_NOTHING.get(key)}
