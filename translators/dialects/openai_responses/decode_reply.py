"""Responses, streamed and whole -> neutral events."""

from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from translators.assemble import Assembler
from translators.conversation import Reply
from translators.dialects.openai_responses import wire
from translators.dialects.openai_responses.annotations import citation_of, tokens_of
from translators.dialects.openai_responses.errors import read_error
from translators.dialects.openai_responses.frames import Malformed, read, rest_of, words
from translators.dialects.openai_responses.items import Items
from translators.dialects.openai_responses.usage import decode_usage
from translators.dialects.openai_responses.words import DISCONNECTED, INCOMPLETE, NAME, UNFINISHED
from translators.errors import ErrorKind, GatewayError, UpstreamError
from translators.events import (
    Event,
    PartKind,
    ReplyEnd,
    ReplyStart,
    StopReason,
    Usage,
    event_of,
)
from translators.jsonio import UNREADABLE
from translators.sse import Frame, FrameSplitter, FrameTooLong, frame_of

CUT: Final = "stream disconnected before completion: the upstream closed it before response.completed"

_RESPONSE: Final = msgspec.json.Decoder(wire.Response, strict=False)


class StreamDecoder:
    """Responses events in, neutral events out.

    A reply begins at its first event and ends at completed, incomplete, failed or error. Several items may be open.
    """

    def __init__(self) -> None:
        self._splitter = FrameSplitter()
        self._items = Items()
        self._started = False
        self._created_s: float | None = None
        self._done = False

    def feed(self, data: bytes) -> list[Event]:
        """The events of a piece of the body."""
        if self._done:
            return []
        try:
            self._take_chunks(self._splitter.chunks(data))
        except FrameTooLong as error:
            self._fail(UpstreamError(ErrorKind.SERVER, str(error), status=502))
        return self._given()

    def close(self) -> list[Event]:
        """The events of the body's end."""
        if self._done:
            return []
        self._take_all(rest_of(self._splitter))
        if not self._done:
            self._fail(cut())
        return self._given()

    def _given(self) -> list[Event]:
        events = self._items.events
        self._items.events = []
        return events

    def _take_chunks(self, chunks: list[bytes]) -> None:
        for chunk in chunks:
            delta = words(chunk)
            if delta is not None and self._items.goes_on(delta.output_index, delta.content_index, delta.delta):
                continue
            frame = frame_of(chunk)
            if frame is not None:
                self._take_all([frame])
                if self._done:
                    return

    def _take_all(self, frames: list[Frame]) -> None:
        try:
            for frame in frames:
                kind, event = read(frame)
                if event is not None:
                    self._take(kind, event)
                    if self._done:
                        return
        except GatewayError as error:
            self._fail(error)
        except UNREADABLE:  # An item inside an event.
            self._fail(Malformed())

    def _take(self, kind: str, event: Any) -> None:
        items = self._items
        if not self._started:
            self._start(event)
        match kind:
            case "response.output_text.delta":
                items.text(event.output_index, event.content_index, event.delta)
                if event.logprobs is not UNSET and len(event.logprobs) > 2:
                    items.notes(event.output_index, event.content_index, tokens_of(event.logprobs))
            case "response.output_text.annotation.added":
                citation = citation_of(event.annotation)
                items.notes(event.output_index, event.content_index, () if citation is None else (citation,))
            case "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta":
                items.arguments(event.output_index, event.delta)
            case "response.reasoning_summary_text.delta":
                items.thought(event.output_index, ("summary", event.summary_index or 0), event.delta)
            case "response.reasoning_text.delta":
                items.thought(event.output_index, ("text", event.content_index or 0), event.delta)
            case "response.refusal.delta":
                items.refusal(event.output_index, event.content_index, event.delta)
            case "response.output_text.done":
                items.ended(event.output_index, ("text", event.content_index or 0), PartKind.TEXT, event.text)
            case "response.refusal.done":
                items.ended(event.output_index, ("refusal", event.content_index or 0), PartKind.REFUSAL, event.refusal)
            case "response.output_item.added":
                items.added(event.output_index, event.item)
            case "response.output_item.done":
                items.done(event.output_index, event.item)
            case "response.completed" | "response.done" | "response.incomplete":
                self._end(event.response)
            case "response.failed":
                raise failure(event.response, event.error, self._created_s)
            case "error":
                raise stated(event, self._created_s)

    def _start(self, event: Any) -> None:
        """The first event tells who answers; an error is no beginning."""
        if isinstance(event, wire.ErrorEvent):
            return
        response = event.response if isinstance(event, wire.Life) else wire.Response()
        if response.status == "failed":
            return
        self._started = True
        self._created_s = response.created_at
        self._items.events.append(ReplyStart(response.id or "", response.model or ""))

    def _end(self, response: wire.Response) -> None:
        if response.status in ("failed", "cancelled"):
            raise failure(response, UNSET, self._created_s)
        self._items.finish(response.output)
        self._items.events.append(ReplyEnd(_stop(response, self._items), _usage(response, self._items)))
        self._done = True

    def _fail(self, error: GatewayError) -> None:
        self._done = True
        self._items.events.append(event_of(error))


def decode_reply(body: bytes) -> Reply:
    """A whole reply. Raises UpstreamError where it is an error or no reply."""
    try:
        response = _RESPONSE.decode(body)
        _check(response)
        items = Items()
        items.finish(response.output)
    except UNREADABLE as error:
        raise UpstreamError(ErrorKind.SERVER, "the upstream's reply is no Responses reply", status=502) from error
    assembler = Assembler(NAME)
    assembler.take(ReplyStart(response.id or "", response.model or ""))
    for event in items.events:
        assembler.take(event)
    assembler.take(ReplyEnd(_stop(response, items), _usage(response, items)))
    return assembler.reply()


def cut() -> UpstreamError:
    """The error of a stream that ended before its end. Asking again may well help."""
    return UpstreamError(ErrorKind.TIMEOUT, CUT, status=408, code=DISCONNECTED)


def failure(response: wire.Response, misplaced: Raw | UnsetType, created_s: float | None) -> UpstreamError:
    """Why a reply failed. `created_s`: when it began, which is near enough to now."""
    for raw in (response.error, misplaced):
        said = _any(raw)
        if said:
            return read_error({"error": said}, now_s=response.created_at or created_s)
    status = response.status or "failed"
    return UpstreamError(ErrorKind.SERVER, f"the upstream's reply has the status {status!r} and no reason", status=502)


def stated(event: wire.ErrorEvent, created_s: float | None) -> UpstreamError:
    """What an error event says."""
    status = event.status_code or event.status or 0
    nested = _any(event.error)
    flat = {"code": event.code, "message": event.message, "param": event.param, "type": event.error_type}
    return read_error({"error": nested} if nested else flat, status if 400 <= status < 600 else 0, created_s)


def _check(response: wire.Response) -> None:
    """Raises where the reply is none."""
    if response.status in ("failed", "cancelled") or _any(response.error):
        raise failure(response, UNSET, None)
    if response.output is None and response.status not in UNFINISHED:
        raise UpstreamError(ErrorKind.SERVER, "the upstream's reply has no answer in it", status=502)


def _stop(response: wire.Response, items: Items) -> StopReason:
    """A limit or a filter wins; then what was really sent."""
    if response.status == "incomplete":
        details = response.incomplete_details
        return INCOMPLETE.get((details and details.reason) or "", StopReason.LENGTH)
    if response.status in UNFINISHED:
        return StopReason.PAUSE
    if items.calls:
        return StopReason.TOOL_USE
    return StopReason.REFUSAL if items.refused else StopReason.END_TURN


def _usage(response: wire.Response, items: Items) -> Usage | None:
    """The vendor does not count its searches, but shows them."""
    usage = decode_usage(response.usage)
    return usage if usage is None or not items.searches else msgspec.structs.replace(usage, searches=items.searches)


def _any(raw: Raw | UnsetType) -> Any:
    return None if isinstance(raw, UnsetType) else msgspec.json.decode(raw)
