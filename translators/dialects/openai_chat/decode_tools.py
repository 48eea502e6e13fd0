"""The tools of a chat request -> the neutral ones."""

from collections.abc import Iterator
from typing import Final

from msgspec import Raw, UnsetType

from translators.conversation import (
    CacheMark,
    ChoiceMode,
    Grammar,
    Hosted,
    HostedTool,
    Loss,
    Place,
    Tool,
    ToolChoice,
)
from translators.dialects.openai_chat import wire, wire_tools
from translators.errors import BadRequest
from translators.jsonio import is_said

MODES: Final = {
    "auto": ChoiceMode.AUTO,
    "none": ChoiceMode.NONE,
    "required": ChoiceMode.ANY,
    "any": ChoiceMode.ANY,  # Mistral's word
}
HOSTED_CHOICES: Final = ("web_search", "web_search_preview")


def cache_mark(mark: wire_tools.CacheControl | None) -> CacheMark | None:
    return None if mark is None else CacheMark(mark.ttl)


def tools_of(request: wire.Request, losses: list[Loss]) -> tuple[Tool, ...]:
    """The client's own, the legacy functions last. A name stands for one: a function goes before a free-form tool."""
    found: list[tuple[str, Tool]] = []
    for index, tool in enumerate(request.tools or ()):
        if type(tool) is wire_tools.Tool:
            path = f"$.tools[{index}].function.parameters"
            found.append((f"$.tools[{index}]", _function(tool.function, tool.cache_control, path)))
        elif type(tool) is wire_tools.CustomTool:
            found.append((f"$.tools[{index}]", _custom(tool, f"$.tools[{index}]", losses)))
    found += [
        (f"$.functions[{index}]", _function(function, None, f"$.functions[{index}].parameters"))
        for index, function in enumerate(request.functions or ())
    ]
    return tuple(_one_of_each_name(found, losses))


def _one_of_each_name(found: list[tuple[str, Tool]], losses: list[Loss]) -> Iterator[Tool]:
    wanted: dict[str, Tool] = {}
    for _, tool in found:
        known = wanted.setdefault(tool.name, tool)
        if known.freeform is not None and tool.freeform is None:
            wanted[tool.name] = tool
    for path, tool in found:
        if wanted[tool.name] is tool:
            yield tool
        else:
            losses.append(Loss(path, f"another tool of the name {tool.name!r}"))


def hosted_of(request: wire.Request, losses: list[Loss]) -> tuple[HostedTool, ...]:
    """The search of the web, where it is asked for in one of its ways; of several the first counts."""
    asked: list[tuple[str, HostedTool]] = []
    options = request.web_search_options
    if options is not None:
        asked.append(("$.web_search_options", _search(options.search_context_size, options.user_location, ())))
    for index, tool in enumerate(request.tools or ()):
        if isinstance(tool, wire_tools.WebSearchTool | wire_tools.WebSearchPreviewTool):
            domains = tool.filters.allowed_domains or () if tool.filters else ()
            place = tool.user_location
            asked.append((f"$.tools[{index}]", _search(tool.search_context_size, place, tuple(domains))))
    losses += [Loss(path, "a second search of the web") for path, _ in asked[1:]]
    return tuple(tool for _, tool in asked[:1])


def _search(size: str | None, location: wire_tools.UserLocation | None, domains: tuple[str, ...]) -> HostedTool:
    place = None
    if location is not None:
        said = location.approximate or location
        place = Place(said.city or "", said.region or "", said.country or "", said.timezone or "")
    return HostedTool(Hosted.WEB_SEARCH, allowed_domains=domains, place=place, context_size=size or "")


def _function(function: wire_tools.FunctionSpec, mark: wire_tools.CacheControl | None, path: str) -> Tool:
    return Tool(
        name=function.name,
        description=function.description or "",
        schema=schema_of(function.parameters, path),
        strict=function.strict,
        cache=cache_mark(mark),
    )


def _custom(tool: wire_tools.CustomTool, path: str, losses: list[Loss]) -> Tool:
    form = tool.custom.format
    grammar = form.grammar if form is not None else None
    if form is not None and grammar is None and form.type == "grammar":
        losses.append(Loss(f"{path}.custom.format", "a grammar that is not there"))
    return Tool(
        name=tool.custom.name,
        description=tool.custom.description or "",
        cache=cache_mark(tool.cache_control),
        freeform=Grammar() if grammar is None else Grammar(grammar.syntax, grammar.definition),
    )


def schema_of(given: Raw | UnsetType, path: str) -> Raw | None:
    """A schema stays unread, but is an object; null says nothing."""
    if not is_said(given):
        return None
    if not bytes(given).startswith(b"{"):
        raise BadRequest(path, "a JSON schema: an object")
    return given


def choice_of(request: wire.Request) -> tuple[ToolChoice | None, frozenset[str] | None]:
    """The choice, and the only tools that it leaves where it names some."""
    choice = request.tool_choice
    if choice is None:
        return _legacy_choice(request.function_call), None
    if isinstance(choice, str):
        if choice not in MODES:
            raise BadRequest("$.tool_choice", "auto, none, required or an object that names a tool")
        return ToolChoice(MODES[choice]), None
    if choice.allowed_tools is not None:
        allowed = choice.allowed_tools
        named_tools = (tool.function or tool.custom for tool in allowed.tools)
        names = frozenset(named.name for named in named_tools if named is not None)
        return ToolChoice(MODES.get(allowed.mode, ChoiceMode.AUTO)), names
    if choice.type in HOSTED_CHOICES:
        return ToolChoice(ChoiceMode.ONE, Hosted.WEB_SEARCH, hosted=True), None
    named = choice.function or choice.custom
    if named is None:
        raise BadRequest("$.tool_choice", "auto, none, required or an object that names a tool")
    return ToolChoice(ChoiceMode.ONE, named.name), None


def _legacy_choice(choice: str | wire_tools.Named | None) -> ToolChoice | None:
    if choice is None:
        return None
    if isinstance(choice, str):
        return ToolChoice(MODES.get(choice, ChoiceMode.AUTO))
    return ToolChoice(ChoiceMode.ONE, choice.name)
