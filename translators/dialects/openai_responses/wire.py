"""Responses on the wire: replies, whole and streamed. Only what is looked at is declared; the rest is stepped over.

Every field may be missing or null: compatible servers leave out what they do not know.
"""

from msgspec import UNSET, Raw, Struct, UnsetType, field


class InputDetails(Struct, gc=False):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class OutputDetails(Struct, gc=False):
    reasoning_tokens: int | None = None


class Usage(Struct, gc=False):
    input_tokens: int | None = None
    input_tokens_details: InputDetails | None = None
    output_tokens: int | None = None
    output_tokens_details: OutputDetails | None = None


class IncompleteDetails(Struct, gc=False):
    reason: str | None = None


class Response(Struct, gc=False):
    """The reply itself: the whole of one, or what an event of its life shows of it. Items are read by their type."""

    id: str | None = None
    model: str | None = None
    created_at: float | None = None
    status: str | None = None
    error: Raw | UnsetType = UNSET
    incomplete_details: IncompleteDetails | None = None
    output: list[Raw] | None = None
    usage: Raw | UnsetType = UNSET


# Items


class Head(Struct, gc=False):
    """What tells items and events apart."""

    type: str | None = None


class Content(Struct, gc=False):
    """A piece of a message, of a reasoning's summary, or of its text."""

    type: str | None = None
    text: str | None = None
    refusal: str | None = None
    annotations: Raw | UnsetType = UNSET
    logprobs: Raw | UnsetType = UNSET


class Message(Struct, gc=False):
    content: list[Content] | None = None


class Reasoning(Struct, gc=False):
    summary: list[Content] | None = None
    content: list[Content] | None = None
    encrypted_content: str | None = None


class FunctionCall(Struct, gc=False):
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    id: str | None = None


class CustomToolCall(Struct, gc=False):
    """A call whose input is free text."""

    call_id: str | None = None
    name: str | None = None
    input: str | None = None
    id: str | None = None


# Events


class Life(Struct, gc=False):
    """response.created, queued, in_progress, completed, incomplete, failed. `error`: of a failed one, misplaced."""

    response: Response = field(default_factory=Response)
    error: Raw | UnsetType = UNSET


class ItemEvent(Struct, gc=False):
    """response.output_item.added and .done."""

    item: Raw = Raw(b"null")
    output_index: int | None = None


class Delta(Struct, gc=False):
    """A piece of a text, a refusal, a summary, a thought, of arguments or of a custom tool's input."""

    delta: str = ""
    output_index: int | None = None
    content_index: int | None = None
    summary_index: int | None = None
    logprobs: Raw | UnsetType = UNSET


class Annotated(Struct, gc=False):
    """response.output_text.annotation.added."""

    annotation: Raw | UnsetType = UNSET
    output_index: int | None = None
    content_index: int | None = None


class Done(Struct, gc=False):
    """The sum of such pieces."""

    output_index: int | None = None
    content_index: int | None = None
    summary_index: int | None = None
    text: str | None = None
    refusal: str | None = None
    arguments: str | None = None
    input: str | None = None
    name: str | None = None


class ErrorEvent(Struct, gc=False):
    """`error`: flat, as the documentation has it, or nested, as the API sends it."""

    error: Raw | UnsetType = UNSET
    code: str | int | None = None
    message: str | None = None
    param: str | None = None
    error_type: str | None = None
    status: int | None = None
    status_code: int | None = None
