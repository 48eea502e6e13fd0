"""The neutral tools -> those of a chat request."""

import re
from collections.abc import Sequence
from typing import Final

from msgspec import UNSET, Struct

from translators.conversation import (
    ChoiceMode,
    Conversation,
    Grammar,
    Hosted,
    HostedTool,
    Loss,
    Place,
    Tool,
    ToolChoice,
)
from translators.dialect import Target
from translators.dialects.openai_chat import wire_tools
from translators.names import Names
from translators.openai_fields import function_of
from translators.openai_models import takes_custom_tools

MAX_TOOLS: Final = 128
CONTEXT_SIZES: Final = ("low", "medium", "high")
SEARCHES: Final = re.compile(r"\bsearch\b|sonar|:online$")
"""Models that search in chat completions have it in their names: OpenAI's, Perplexity's, OpenRouter's. With any other
the field is passed over in silence at best, and at a strict vendor the whole request is refused.
"""

_CHOICES: Final = {ChoiceMode.AUTO: "auto", ChoiceMode.NONE: "none", ChoiceMode.ANY: "required"}


class Declared(Struct):
    """What a request says of tools. `custom`: the tools that go out free-form, as the client names them."""

    tools: list[wire_tools.AnyTool]
    choice: str | wire_tools.Choice | None
    search: wire_tools.WebSearchOptions | None
    custom: frozenset[str]


def declared(conversation: Conversation, names: Names, target: Target, losses: list[Loss]) -> Declared:
    """All of it; what chat can't say is among the losses."""
    tools = conversation.tools
    if target.genuine and len(tools) > MAX_TOOLS:
        losses += [Loss(f"$.tools[{index}]", f"more than {MAX_TOOLS} tools") for index in range(MAX_TOOLS, len(tools))]
        tools = tools[:MAX_TOOLS]
    custom = custom_tools(conversation, target)
    sent: list[wire_tools.AnyTool] = [
        _custom(tool, names) if tool.name in custom else _function(tool, names, target, f"$.tools[{index}]", losses)
        for index, tool in enumerate(tools)
    ]
    choice = _choice(conversation.tool_choice, tools, names, custom, losses) if sent else None
    if not sent:
        _lost_choice(conversation, losses)
    return Declared(sent, choice, _search(conversation.hosted, target, losses), custom)


def custom_tools(conversation: Conversation, target: Target) -> frozenset[str]:
    """Which tools go out as free-form ones: only OpenAI's own newer models know them."""
    if not (target.genuine and takes_custom_tools(target.model)):
        return frozenset()
    return frozenset(tool.name for tool in conversation.tools if tool.freeform is not None)


def _custom(tool: Tool, names: Names) -> wire_tools.CustomTool:
    grammar = tool.freeform or Grammar()
    form = None
    if grammar.definition:
        form = wire_tools.CustomFormat("grammar", wire_tools.GrammarSpec(grammar.definition, grammar.syntax))
    return wire_tools.CustomTool(wire_tools.CustomSpec(names.upstream(tool.name), tool.description or None, form))


def _function(tool: Tool, names: Names, target: Target, path: str, losses: list[Loss]) -> wire_tools.Tool:
    function = function_of(tool, target, path, losses)
    parameters = UNSET if function.parameters is None else function.parameters
    name, description = names.upstream(tool.name), function.description or None
    return wire_tools.Tool(wire_tools.FunctionSpec(name, description, parameters, function.strict))


def _choice(
    choice: ToolChoice | None, tools: Sequence[Tool], names: Names, custom: frozenset[str], losses: list[Loss]
) -> str | wire_tools.Choice | None:
    """`tools`: those that are sent."""
    if choice is None:
        return None
    if choice.mode is not ChoiceMode.ONE:
        return _CHOICES[choice.mode]
    if choice.hosted:
        losses.append(Loss("$.tool_choice", "chat completions can't be made to use a tool of the vendor's"))
        return None
    if all(tool.name != choice.name for tool in tools):
        losses.append(Loss("$.tool_choice", "the tool that it asks for is not sent"))
        return None
    named = wire_tools.Named(names.upstream(choice.name))
    if choice.name in custom:
        return wire_tools.Choice(type="custom", custom=named)
    return wire_tools.Choice(type="function", function=named)


def _lost_choice(conversation: Conversation, losses: list[Loss]) -> None:
    """Refused where there are no tools."""
    choice = conversation.tool_choice
    if choice is not None and choice.mode in (ChoiceMode.ANY, ChoiceMode.ONE):
        losses.append(Loss("$.tool_choice", "there are no tools to choose from"))


def _search(hosted: tuple[HostedTool, ...], target: Target, losses: list[Loss]) -> wire_tools.WebSearchOptions | None:
    """The search of the web, the one tool of a vendor's that chat completions have."""
    found: wire_tools.WebSearchOptions | None = None
    for index, tool in enumerate(hosted):
        path = f"$.hosted[{index}]"
        if tool.tool is not Hosted.WEB_SEARCH:
            losses.append(Loss(path, f"chat completions have no tool for {tool.tool.replace('_', ' ')}"))
        elif not SEARCHES.search(target.model):
            losses.append(Loss(path, f"{target.model} does not search in chat completions"))
        elif found is not None:
            losses.append(Loss(path, "a second search of the web"))
        else:
            found = _options(tool, path, losses)
    return found


def _options(tool: HostedTool, path: str, losses: list[Loss]) -> wire_tools.WebSearchOptions:
    if tool.max_uses is not None:
        losses.append(Loss(f"{path}.max_uses", "chat completions search as often as they like"))
    if tool.allowed_domains or tool.blocked_domains:
        losses.append(Loss(f"{path}.domains", "chat completions search everywhere"))
    if tool.context_size and tool.context_size not in CONTEXT_SIZES:
        losses.append(Loss(f"{path}.context_size", f"unknown size {tool.context_size!r}"))
    size = tool.context_size if tool.context_size in CONTEXT_SIZES else None
    return wire_tools.WebSearchOptions(size, _location(tool.place))


def _location(place: Place | None) -> wire_tools.UserLocation | None:
    if place is None:
        return None
    approximate = wire_tools.Approximate(
        place.city or None, place.country or None, place.region or None, place.timezone or None
    )
    return wire_tools.UserLocation(type="approximate", approximate=approximate)
