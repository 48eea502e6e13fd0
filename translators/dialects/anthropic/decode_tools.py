"""The tools of a Messages request -> the neutral ones."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import UNSET, Raw

from translators.conversation import CacheMark, ChoiceMode, HostedTool, Loss, Tool, ToolChoice
from translators.dialects.anthropic import hosted, wire
from translators.errors import BadRequest

CHOICES: Final[Mapping[str, ChoiceMode]] = {
    "auto": ChoiceMode.AUTO,
    "any": ChoiceMode.ANY,
    "tool": ChoiceMode.ONE,
    "none": ChoiceMode.NONE,
}
NOTHING: Final = (b"null", b"false", b"[]")
"""What a wish says that is none."""


def tools_of(tools: Sequence[wire.Tool], losses: list[Loss]) -> tuple[tuple[Tool, ...], tuple[HostedTool, ...]]:
    """The client's own, and those that run at the vendor."""
    own: list[Tool] = []
    offered: list[HostedTool] = []
    for index, tool in enumerate(tools):
        path = f"$.tools[{index}]"
        if tool.type not in (None, "custom"):
            kind = hosted.kind_of(tool.type)
            if kind is None:
                losses.append(Loss(path, f"{tool.type!r} is a tool that only Anthropic knows"))
                continue
            offered.append(hosted.hosted_tool(kind, tool, path, losses))
        elif not tool.name:
            raise BadRequest(f"{path}.name", "a value: it is required")
        else:
            schema = object_of(tool.input_schema, f"{path}.input_schema")
            own.append(Tool(tool.name, tool.description or "", schema, tool.strict, mark_of(tool.cache_control)))
        losses += [
            Loss(f"{path}.{wish}", "only Anthropic knows this of a tool")
            for wish in wire.TOOL_WISHES
            if (given := getattr(tool, wish)) is not wire.ABSENT and bytes(given) not in NOTHING
        ]
    return tuple(own), tuple(offered)


def object_of(raw: Raw, path: str) -> Raw | None:
    text = bytes(raw).strip()
    if text in (b"", b"null"):
        return None
    if not text.startswith(b"{"):
        raise BadRequest(path, "object")
    return raw


def choice_of(
    choice: wire.ToolChoice | None, tools: Sequence[Tool], offered: Sequence[HostedTool], losses: list[Loss]
) -> ToolChoice | None:
    """A choice that only a dropped tool could meet is dropped with it."""
    if choice is None:
        return None
    mode, name = CHOICES[choice.type], choice.name or ""
    if mode is not ChoiceMode.ONE:
        known = bool(tools or offered) or mode is not ChoiceMode.ANY
    elif not name:
        raise BadRequest("$.tool_choice.name", "a value: it is required")
    elif any(tool.tool == name for tool in offered):
        return ToolChoice(mode, name, hosted=True)
    else:
        known = any(tool.name == name for tool in tools)
    if not known:
        losses.append(Loss("$.tool_choice", "the tool that it asks for is not there"))
        return None
    return ToolChoice(mode, name)


def parallel_of(choice: wire.ToolChoice | None) -> bool | None:
    if choice is None or choice.disable_parallel_tool_use is None:
        return None
    return not choice.disable_parallel_tool_use


def mark_of(control: wire.CacheControl | None) -> CacheMark | None:
    if control is None:
        return None
    return CacheMark(None if control.ttl is UNSET else control.ttl)
