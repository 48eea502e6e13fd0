"""What stands beside the words of a conversation, for the dialects that have no room for it."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from translators.conversation import Conversation, Loss, Part, Text, ToolResult

CACHES: Final = "this vendor caches by itself"
SOURCES: Final = "where words come from is nothing that this vendor takes back"


def unsaid_beside(conversation: Conversation) -> Iterator[Loss]:
    """A loss for each cache mark, and for each text that names its sources."""
    for index, tool in enumerate(conversation.tools):
        if tool.cache is not None:
            yield Loss(f"$.tools[{index}].cache_control", CACHES)
    for index, text in enumerate(conversation.system):
        yield from _beside(text, f"$.system[{index}]")
    for index, message in enumerate(conversation.messages):
        for number, part in enumerate(message.parts):
            if not _is_plain(part):
                yield from _beside(part, f"$.messages[{index}].parts[{number}]")


def lost_instructions(parts: Sequence[Part], path: str) -> Iterator[Loss]:
    """A loss for each part of a system message that is no text. Results stand with their calls."""
    for index, part in enumerate(parts):
        if not isinstance(part, Text | ToolResult):
            yield Loss(f"{path}[{index}]", "only text may stand in a system message")


def reminder(part: Part, path: str, losses: list[Loss]) -> Text | None:
    """A system message's part as the user's, for vendors whose system text stands before everything.

    It stays in its place: there it means what it says of what came before, and the system text, with all that is cached
    behind it, stays as it was. None for what says nothing.
    """
    if not isinstance(part, Text):
        losses.append(Loss(path, "only text may stand in a system message"))
        return None
    if not part.text.strip():
        return None
    losses.append(Loss(path, "a system message in mid-conversation: the user reminds of it in its place"))
    return msgspec.structs.replace(part, text=f"<system-reminder>\n{part.text}\n</system-reminder>")


def _is_plain(part: Part) -> bool:
    """Nearly all of them are, and then no path need be made."""
    if type(part) is Text:
        return part.cache is None and not part.notes
    if type(part) is ToolResult:
        return part.cache is None and all(map(_is_plain, part.parts))
    return getattr(part, "cache", None) is None


def _beside(part: Part, path: str) -> Iterator[Loss]:
    if getattr(part, "cache", None) is not None:
        yield Loss(f"{path}.cache_control", CACHES)
    if isinstance(part, Text) and part.notes:
        yield Loss(f"{path}.notes", SOURCES)
    if isinstance(part, ToolResult):
        for index, piece in enumerate(part.parts):
            yield from _beside(piece, f"{path}.parts[{index}]")
