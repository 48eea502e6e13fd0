"""Neutral tools -> functions, and tools of Google's own."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec
from msgspec import Raw, Struct

from translators import freeform
from translators.conversation import ChoiceMode, Conversation, Hosted, HostedTool, Loss, Tool
from translators.dialect import Target
from translators.dialects.gemini import request_wire as wire
from translators.google_schema import google_schema
from translators.json_schema import CACHED_SCHEMAS, kept
from translators.names import Names

MODES: Final = {ChoiceMode.AUTO: "AUTO", ChoiceMode.NONE: "NONE", ChoiceMode.ANY: "ANY", ChoiceMode.ONE: "ANY"}
NOTHING: Final = Raw(b"{}")
OF_AN_EMPTY_OBJECT: Final = frozenset(("type", "properties", "required", "additionalProperties", "$schema"))

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])


def functions_of(tools: Sequence[Tool], names: Names, target: Target, losses: list[Loss]) -> list[wire.Declaration]:
    """Each name once. Raises BadRequest where a schema is none."""
    declared: dict[str, wire.Declaration] = {}
    for index, tool in enumerate(tools):
        if tool.name in declared:
            losses.append(Loss(f"$.tools[{index}]", f"a second tool of the name {tool.name!r}"))
            continue
        declared[tool.name] = _function(tool, names.upstream(tool.name), target, f"$.tools[{index}]", losses)
    return list(declared.values())


def declaration(
    name: str, description: str, schema: Raw | None, target: Target, path: str, losses: list[Loss]
) -> wire.Declaration:
    """A function. Google itself reads JSON schemas; what only has its paths gets its own schemas, which are older."""
    made = wire.Declaration(name, description or None)
    says = None if schema is None else kept(_says, schema, path)
    if schema is None or says is None or not says.anything:
        return made
    if target.genuine:
        made.parameters_json_schema = schema
    elif not says.properties:
        losses.append(Loss(path, "a schema without properties, which older models refuse: left out"))
    else:
        fitted = google_schema(schema, path)
        made.parameters = fitted.schema
        if fitted.unsaid:
            losses.append(
                Loss(path, f"Google's schemas lack {', '.join(fitted.unsaid)}: said in descriptions, if at all")
            )
    return made


def _function(tool: Tool, name: str, target: Target, path: str, losses: list[Loss]) -> wire.Declaration:
    if tool.strict:
        losses.append(Loss(f"{path}.strict", "Google promises nothing of a single function's arguments"))
    if tool.freeform is not None:
        description, schema = freeform.as_function(tool)
        return declaration(name, description, Raw(schema), target, f"{path}.freeform", losses)
    return declaration(name, tool.description, tool.schema, target, f"{path}.schema", losses)


class _Says(Struct, frozen=True):
    """Whether a schema says anything, and whether it may have properties."""

    anything: bool
    properties: bool


@lru_cache(maxsize=CACHED_SCHEMAS)
def _says(data: bytes) -> _Says:
    fields = _OBJECT.decode(data)
    properties = bytes(fields.get("properties", b"{}")).translate(None, b" \t\r\n")
    return _Says(bool(fields), properties != b"{}" or not fields.keys() <= OF_AN_EMPTY_OBJECT)


def hosted_of(tools: Sequence[HostedTool], has_functions: bool, losses: list[Loss]) -> list[wire.RequestTool]:
    """Google's own tools stand beside each other, not beside functions."""
    made: dict[Hosted, wire.RequestTool] = {}
    for index, tool in enumerate(tools):
        path = f"$.hosted[{index}]"
        own = _hosted(tool.tool)
        if own is None:
            losses.append(Loss(path, f"Google has no tool {tool.tool.value!r}"))
        elif has_functions:
            losses.append(Loss(path, "Google's own tools can't stand beside functions"))
        else:
            made[tool.tool] = own
            _narrow(tool, path, losses)
    return list(made.values())


def _hosted(tool: Hosted) -> wire.RequestTool | None:
    match tool:
        case Hosted.WEB_SEARCH:
            return wire.RequestTool(google_search=wire.GoogleSearch())
        case Hosted.WEB_FETCH:
            return wire.RequestTool(url_context=NOTHING)
        case Hosted.CODE_EXECUTION:
            return wire.RequestTool(code_execution=NOTHING)
        case Hosted.IMAGE_GENERATION | Hosted.FILE_SEARCH:
            return None


def _narrow(tool: HostedTool, path: str, losses: list[Loss]) -> None:
    said = ("max_uses", "allowed_domains", "blocked_domains", "place", "context_size")
    losses += [Loss(f"{path}.{name}", "Google's tool can't be told so") for name in said if getattr(tool, name)]


def tool_config(
    conversation: Conversation, functions: Sequence[wire.Declaration], names: Names, losses: list[Loss]
) -> wire.ToolConfig | None:
    """A choice without functions is refused."""
    choice = conversation.tool_choice
    if conversation.parallel_tool_calls is False and functions:
        losses.append(Loss("$.parallel_tool_calls", "Gemini can't be kept from calling several tools at once"))
    if choice is None:
        return None
    if not functions or choice.hosted:
        if choice.mode in (ChoiceMode.ANY, ChoiceMode.ONE):
            losses.append(Loss("$.tool_choice", "there is no function to choose"))
        return None
    calling = wire.Calling(MODES[choice.mode])
    if choice.mode is ChoiceMode.ONE:
        calling.allowed_function_names = [names.upstream(choice.name)]
    return wire.ToolConfig(calling)
