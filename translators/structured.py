"""Structured output by way of a tool: what the model says to that tool is the answer, and reads as text."""

from collections.abc import Callable, Collection
from typing import Final

import msgspec

from translators.boxed import Unboxer, unboxed
from translators.conversation import Part, Reply, Text, ToolCall
from translators.dialect import Context
from translators.events import Event, PartDelta, PartEnd, PartKind, PartStart, ReplyEnd, StopReason

_NAME: Final = "json_reply"


def json_tool_name(taken: Collection[str | None]) -> str:
    """What the tool is called among tools of these names."""
    name = _NAME
    while name in taken:
        name += "_"
    return name


class JsonToolFilter:
    """feed(event): the events that the client shall see. `tool`: its name as the upstream knows it."""

    def __init__(self, tool: str) -> None:
        self._tool = tool
        self._silent: set[int] = set()  # parts of the tool whose arguments have not begun
        self._parts: set[int] = set()
        self._other_calls = False

    def feed(self, event: Event) -> list[Event]:
        """One more event of the reply."""
        match event:
            case PartStart(part=part, kind=PartKind.TOOL_CALL, name=name):
                return [self._call(event, part, name)]
            case PartDelta(part=part):
                self._silent.discard(part)
            case PartEnd(part=part) if part in self._silent:
                return [PartDelta(part, "{}"), event]
            case ReplyEnd():
                stop = _stop(event.stop, bool(self._parts), self._other_calls)
                return [ReplyEnd(stop, event.usage, event.stop_sequence)]
            case _:
                pass
        return [event]

    def _call(self, event: PartStart, part: int, name: str) -> Event:
        if name != self._tool:
            self._other_calls = True
            return event
        self._parts.add(part)
        self._silent.add(part)
        return PartStart(part, PartKind.TEXT)


def filters_of(context: Context) -> tuple[Callable[[Event], list[Event]], ...]:
    """What makes of each event those that the client shall see; nearly always nothing need be done."""
    filters = [] if context.json_tool is None else [JsonToolFilter(context.json_tool).feed]
    return (*filters, Unboxer().feed) if context.boxed else tuple(filters)


def as_text(reply: Reply, context: Context) -> Reply:
    """The whole reply as the client shall see it: structured output is text."""
    tool = context.json_tool
    if tool is not None and any(_is_call(part, tool) for part in reply.parts):
        parts = tuple(_text(part, tool) for part in reply.parts)
        others = any(isinstance(part, ToolCall) for part in parts)
        reply = msgspec.structs.replace(reply, parts=parts, stop=_stop(reply.stop, True, others))
    return unboxed(reply) if context.boxed else reply


def _is_call(part: Part, tool: str) -> bool:
    return isinstance(part, ToolCall) and part.name == tool


def _text(part: Part, tool: str) -> Part:
    return Text(part.arguments) if isinstance(part, ToolCall) and part.name == tool else part


def _stop(stop: StopReason, answered: bool, others: bool) -> StopReason:
    """The client has no such tool to run."""
    return StopReason.END_TURN if stop is StopReason.TOOL_USE and answered and not others else stop
