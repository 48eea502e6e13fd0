"""The tools of a request, and its choice among them."""

from collections.abc import Iterator
from typing import Final

from msgspec import Raw

from translators.conversation import ChoiceMode, Conversation, Hosted, HostedTool, Loss, Place, Tool, ToolChoice
from translators.dialect import Target
from translators.dialects.openai_responses import wire_request as wire
from translators.jsonio import ENCODER
from translators.names import Names
from translators.openai_fields import function_of

NO_FIELDS: Final = Raw(b'{"type":"object","properties":{}}')
CLOSED: Final = Raw(b'{"type":"object","properties":{},"additionalProperties":false}')
TYPES: Final = {
    Hosted.WEB_SEARCH: "web_search",
    Hosted.CODE_EXECUTION: "code_interpreter",
    Hosted.IMAGE_GENERATION: "image_generation",
}


def free_tools(conversation: Conversation, target: Target) -> frozenset[str]:
    """The tools that go out as free-form ones: compatible vendors know functions only."""
    return frozenset(tool.name for tool in conversation.tools if tool.freeform is not None and target.genuine)


def tools_of(
    conversation: Conversation, names: Names, target: Target, free: frozenset[str], losses: list[Loss]
) -> list[wire.Tool]:
    """All of them; what can't be said is among the losses."""
    tools = [
        _free(tool, names) if tool.name in free else _function(tool, names, target, f"$.tools[{index}]", losses)
        for index, tool in enumerate(conversation.tools)
    ]
    return [*tools, *_hosted(conversation, losses)]


def choice_of(
    choice: ToolChoice | None, tools: list[wire.Tool], names: Names, free: frozenset[str], losses: list[Loss]
) -> str | wire.Choice | None:
    """Without tools there is none."""
    if choice is None or not tools:
        return None
    match choice.mode:
        case ChoiceMode.AUTO:
            return "auto"
        case ChoiceMode.NONE:
            return "none"
        case ChoiceMode.ANY:
            return "required"
        case ChoiceMode.ONE if choice.hosted:
            kind = TYPES.get(Hosted(choice.name))
            if all(tool.type != kind for tool in tools):
                losses.append(Loss("$.tool_choice", "the tool that it asks for is not there"))
                return None
            return wire.Choice("allowed_tools", mode="required", tools=[wire.Chosen(kind or "")])
        case ChoiceMode.ONE:
            return wire.Choice("custom" if choice.name in free else "function", names.upstream(choice.name))


def _free(tool: Tool, names: Names) -> wire.Tool:
    grammar = tool.freeform
    form = None
    if grammar is not None and grammar.definition:
        form = wire.Format("grammar", grammar.syntax or "lark", grammar.definition)
    return wire.Tool("custom", names.upstream(tool.name), tool.description or None, format=form)


def _function(tool: Tool, names: Names, target: Target, path: str, losses: list[Loss]) -> wire.Tool:
    """Strict unless it is said not to be; nobody but this dialect has it so."""
    function = function_of(tool, target, path, losses)
    parameters = function.parameters
    if parameters is None:
        parameters = CLOSED if function.strict else NO_FIELDS
    name, description = names.upstream(tool.name), function.description or None
    return wire.Tool("function", name, description, parameters, bool(function.strict))


def _hosted(conversation: Conversation, losses: list[Loss]) -> Iterator[wire.Tool]:
    for index, tool in enumerate(conversation.hosted):
        path, kind = f"$.hosted[{index}]", TYPES.get(tool.tool)
        if kind is None:
            losses.append(Loss(path, f"Responses have no tool for {tool.tool}"))
            continue
        if tool.max_uses is not None:
            losses.append(Loss(f"{path}.max_uses", "it can't be said how often a tool may run"))
        if tool.blocked_domains:
            losses.append(Loss(f"{path}.blocked_domains", "only allowed domains can be said"))
        if tool.tool is Hosted.CODE_EXECUTION:
            yield wire.Tool(kind, container=Raw(b'{"type":"auto"}'))
        elif tool.tool is Hosted.WEB_SEARCH:
            yield _search(tool, kind)
        else:
            yield wire.Tool(kind)


def _search(tool: HostedTool, kind: str) -> wire.Tool:
    found = wire.Tool(
        kind,
        search_context_size=tool.context_size or None,
        user_location=None if tool.place is None else _location(tool.place),
    )
    if tool.allowed_domains:
        found.filters = Raw(ENCODER.encode({"allowed_domains": tool.allowed_domains}))
    return found


def _location(place: Place) -> wire.Location:
    return wire.Location(
        "approximate", place.city or None, place.country or None, place.region or None, place.timezone or None
    )
