"""How a chat reply is named and how it ends, streamed or whole."""

from typing import Final

from translators.events import StopReason

FINISH: Final = {
    StopReason.END_TURN: "stop",
    StopReason.STOP_SEQUENCE: "stop",
    StopReason.PAUSE: "stop",
    StopReason.LENGTH: "length",
    StopReason.TOOL_USE: "tool_calls",
    StopReason.REFUSAL: "content_filter",
}
ID_PREFIX: Final = "chatcmpl-"
UNSHOWN: Final = "(the model made a file of type {what}, which this API can't show)"


def finish_of(stop: StopReason, calls: int, refused: bool, legacy: bool) -> str:
    """A tool stop without calls was structured output; a refusal in words ends as any other words do.

    `legacy`: the client knows of functions, not of tools.
    """
    if (stop is StopReason.TOOL_USE and not calls) or (stop is StopReason.REFUSAL and refused):
        return "stop"
    if stop is StopReason.TOOL_USE and legacy:
        return "function_call"
    return FINISH[stop]
