"""The tools of a request, wherever it declares them, and its choice among them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, UnsetType

from translators.conversation import ChoiceMode, Grammar, Hosted, HostedTool, Loss, Place, Tool, ToolChoice
from translators.dialects.openai_responses import wire_request as wire
from translators.errors import BadRequest

HOSTED: Final[Mapping[str, Hosted]] = {
    "web_search": Hosted.WEB_SEARCH,
    "web_search_2025_08_26": Hosted.WEB_SEARCH,
    "web_search_preview": Hosted.WEB_SEARCH,
    "web_search_preview_2025_03_11": Hosted.WEB_SEARCH,
    "code_interpreter": Hosted.CODE_EXECUTION,
    "image_generation": Hosted.IMAGE_GENERATION,
}
"""OpenAI's own tools that others have as well. A search of files is none: its stores are at OpenAI."""

MODES: Final[Mapping[str | None, ChoiceMode]] = {
    "auto": ChoiceMode.AUTO,
    "none": ChoiceMode.NONE,
    "required": ChoiceMode.ANY,
}
_DECLARED: Final = ("function", "custom")
_UNSAID: Final = ("allowed_callers", "container", "defer_loading", "external_web_access", "output_schema")
_SAYS_NOTHING: Final = (b"null", b'{"type":"auto"}', b'["direct"]')


class _Filters(Struct):
    allowed_domains: list[str] | None = None
    blocked_domains: list[str] | None = None


_FILTERS: Final = msgspec.json.Decoder(_Filters | None)


class Toolbox:
    """What the model may call.

    `lists`: tools with the path of each list. A namespace's tools get names of their own among all tools; those that
    stand alone keep theirs, and of two with one name the first counts.
    """

    def __init__(self, lists: Sequence[tuple[Sequence[wire.Tool], str]], losses: list[Loss]) -> None:
        self.tools: list[Tool] = []
        self.hosted: list[HostedTool] = []
        self._losses = losses
        self._names: dict[tuple[str, str], str] = {}
        self._declared: set[str] = set()
        self._taken = {tool.name for tools, _ in lists for tool in tools if tool.type in _DECLARED}
        for tools, path in lists:
            for index, tool in enumerate(tools):
                self._take(tool, f"{path}[{index}]")

    def name_of(self, namespace: str | None, name: str) -> str:
        """What a tool is called among all tools, also one that is declared no more."""
        if not namespace:
            return name
        return self._names.get((namespace, name)) or _qualified(namespace, name)

    def choose(
        self, choice: str | wire.Choice | None, path: str = "$.tool_choice"
    ) -> tuple[ToolChoice | None, tuple[Tool, ...], tuple[HostedTool, ...]]:
        """The choice, and the tools that it leaves. A choice that nothing could meet is a loss. Raises BadRequest."""
        tools, hosted = tuple(self.tools), tuple(self.hosted)
        if choice is None:
            return None, tools, hosted
        if isinstance(choice, str):
            wanted = ToolChoice(_mode(choice, path))
        elif choice.type == "allowed_tools":
            wanted = ToolChoice(_mode(choice.mode, f"{path}.mode"))
            names, kinds = self._allowed(choice.tools or ())
            tools = tuple(tool for tool in tools if tool.name in names)
            hosted = tuple(tool for tool in hosted if tool.tool in kinds)
        elif choice.type in _DECLARED and choice.name:
            wanted = ToolChoice(ChoiceMode.ONE, self.name_of(choice.namespace, choice.name))
        elif choice.type in HOSTED:
            wanted = ToolChoice(ChoiceMode.ONE, HOSTED[choice.type], hosted=True)
        elif choice.type in _DECLARED:
            raise BadRequest(f"{path}.name", "a value: it is required")
        else:
            self._losses.append(Loss(path, f"only OpenAI knows the choice {choice.type!r}"))
            return None, tools, hosted
        if _can_be_met(wanted, tools, hosted):
            return wanted, tools, hosted
        self._losses.append(Loss(path, "no tool is there that it could choose"))
        return None, tools, hosted

    def _allowed(self, chosen: Iterable[wire.Chosen]) -> tuple[set[str], set[Hosted]]:
        names = {self.name_of(tool.namespace, tool.name) for tool in chosen if tool.type in _DECLARED and tool.name}
        return names, {HOSTED[tool.type] for tool in chosen if tool.type in HOSTED}

    def _take(self, tool: wire.Tool, path: str) -> None:
        if tool.type == "namespace":
            self._take_namespace(tool, path)
        elif tool.type in _DECLARED:
            self._declare(_tool(tool, _name(tool, path), path), path)
            self._lose_unsaid(tool, path)
        elif tool.type in HOSTED:
            self.hosted.append(self._hosted(tool, HOSTED[tool.type], path))
            self._lose_unsaid(tool, path)
        else:
            self._losses.append(Loss(path, f"only OpenAI has tools of the type {tool.type!r}"))

    def _declare(self, tool: Tool, path: str) -> None:
        if tool.name in self._declared:
            self._losses.append(Loss(path, f"a second tool of the name {tool.name!r}"))
        else:
            self._declared.add(tool.name)
            self.tools.append(tool)

    def _take_namespace(self, group: wire.Tool, path: str) -> None:
        """What the group is for is told with the first of its tools."""
        namespace = _name(group, path)
        about = f"Of the group {namespace}: {group.description}" if group.description else ""
        for index, tool in enumerate(group.tools or ()):
            place = f"{path}.tools[{index}]"
            if tool.type not in _DECLARED:
                self._losses.append(Loss(place, f"a tool of the type {tool.type!r} in a namespace"))
                continue
            own = _name(tool, place)
            name = self._unused(_qualified(namespace, own))
            self._names.setdefault((namespace, own), name)
            flat = _tool(tool, name, place)
            words = "\n\n".join(filter(None, (about, flat.description)))
            self._declare(msgspec.structs.replace(flat, namespace=namespace, own_name=own, description=words), place)
            self._lose_unsaid(tool, place)
            about = ""

    def _unused(self, name: str) -> str:
        unused, number = name, 1
        while unused in self._taken:
            number += 1
            unused = f"{name}_{number}"
        self._taken.add(unused)
        return unused

    def _hosted(self, tool: wire.Tool, kind: Hosted, path: str) -> HostedTool:
        if kind is not Hosted.WEB_SEARCH:
            return HostedTool(kind)
        try:
            filters = None if isinstance(tool.filters, UnsetType) else _FILTERS.decode(tool.filters)
        except msgspec.ValidationError as error:
            raise BadRequest(f"{path}.filters", "an object with lists of domains") from error
        filters = filters or _Filters()
        place = tool.user_location
        return HostedTool(
            kind,
            allowed_domains=tuple(filters.allowed_domains or ()),
            blocked_domains=tuple(filters.blocked_domains or ()),
            place=None
            if place is None
            else Place(place.city or "", place.region or "", place.country or "", place.timezone or ""),
            context_size=tool.search_context_size or "",
        )

    def _lose_unsaid(self, tool: wire.Tool, path: str) -> None:
        for name in _UNSAID:
            value: Any = getattr(tool, name)
            said = value if isinstance(value, bool) else isinstance(value, Raw) and bytes(value) not in _SAYS_NOTHING
            if said:
                self._losses.append(Loss(f"{path}.{name}", "only OpenAI knows it"))


def _tool(tool: wire.Tool, name: str, path: str) -> Tool:
    if tool.type == "custom":
        form = tool.format or wire.Format()
        grammar = Grammar(form.syntax or "", form.definition or "") if form.type == "grammar" else Grammar()
        return Tool(name, tool.description or "", freeform=grammar)
    schema = tool.parameters
    if isinstance(schema, UnsetType) or bytes(schema) == b"null":
        return Tool(name, tool.description or "", strict=tool.strict or None)
    if not bytes(schema).startswith(b"{"):
        raise BadRequest(f"{path}.parameters", "a JSON schema: an object")
    return Tool(name, tool.description or "", schema, tool.strict or None)


def _name(tool: wire.Tool, path: str) -> str:
    if not tool.name:
        raise BadRequest(f"{path}.name", "a value: it is required")
    return tool.name


def _qualified(namespace: str, name: str) -> str:
    """As Codex itself spells it where there are no namespaces."""
    head = namespace if namespace.endswith("__") else f"{namespace}__"
    return name if name.startswith(head) else head + name


def _mode(word: str | None, path: str) -> ChoiceMode:
    mode = MODES.get(word)
    if mode is None:
        raise BadRequest(path, "auto, none, required or an object that names a tool")
    return mode


def _can_be_met(choice: ToolChoice, tools: Sequence[Tool], hosted: Sequence[HostedTool]) -> bool:
    match choice.mode:
        case ChoiceMode.ANY:
            return bool(tools or hosted)
        case ChoiceMode.ONE if choice.hosted:
            return any(tool.tool == choice.name for tool in hosted)
        case ChoiceMode.ONE:
            return any(tool.name == choice.name for tool in tools)
        case _:
            return True


def lists_of(request: wire.Request) -> Iterator[tuple[Sequence[wire.Tool], str]]:
    """The request's own list, and those among its items: Codex's code mode has them there, and a search for tools."""
    yield request.tools or (), "$.tools"
    for index, item in enumerate(request.input if isinstance(request.input, list) else ()):
        if item.tools:
            yield item.tools, f"$.input[{index}].tools"
