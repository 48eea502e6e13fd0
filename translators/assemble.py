"""Events -> a whole reply, and back."""

from msgspec import Struct

from translators.conversation import Part, Refusal, Reply, Text, Thinking, ToolCall
from translators.errors import ErrorKind, UpstreamError
from translators.events import (
    Event,
    PartDelta,
    PartEnd,
    PartKind,
    PartStart,
    ReplyEnd,
    ReplyError,
    ReplyStart,
    StopReason,
    Usage,
)


class _Open(Struct):
    start: PartStart
    pieces: list[str]
    signature: str | None = None
    signer: str | None = None


class Assembler:
    """Takes a reply's events, in any interleaving; `reply()` is their sum."""

    def __init__(self, signer: str | None = None) -> None:
        self._signer = signer
        self._id = ""
        self._model = ""
        self._usage: Usage | None = None
        self._parts: dict[int, _Open] = {}
        self._end: ReplyEnd | None = None
        self.error: ReplyError | None = None

    def take(self, event: Event) -> None:
        """One more event of this reply."""
        match event:
            case ReplyStart(id=reply_id, model=model, usage=usage):
                self._id, self._model, self._usage = reply_id, model, usage
            case PartStart(part=part):
                self._parts[part] = _Open(event, [])
            case PartDelta(part=part, text=text):
                self._parts[part].pieces.append(text)
            case PartEnd(part=part, signature=signature, signer=signer):
                self._parts[part].signature = signature
                self._parts[part].signer = signer or self._signer
            case ReplyEnd():
                self._end = event
            case ReplyError():
                self.error = event

    def reply(self) -> Reply:
        """The whole reply. Raises UpstreamError where the events ended in an error or not at all."""
        if self.error is not None:
            error = self.error
            raise UpstreamError(
                error.kind, error.message, status=error.status, code=error.code, retry_after_s=error.retry_after_s
            )
        if self._end is None:
            raise UpstreamError(ErrorKind.SERVER, "the upstream's reply ended early", status=502)
        return Reply(
            id=self._id,
            model=self._model,
            parts=tuple(self._part(part) for part in self._parts.values()),
            stop=self._end.stop,
            usage=self._end.usage or self._usage,
            stop_sequence=self._end.stop_sequence,
        )

    def _part(self, part: _Open) -> Part:
        text = "".join(part.pieces)
        match part.start.kind:
            case PartKind.TEXT:
                return Text(text)
            case PartKind.REFUSAL:
                return Refusal(text)
            case PartKind.TOOL_CALL:
                return ToolCall(part.start.id, part.start.name, text or "{}")
            case PartKind.THINKING:
                signer = part.signer if part.signature else None
                return Thinking(text, part.signature, signer, part.start.redacted)


def events_of(reply: Reply) -> list[Event]:
    """The stream that this reply could have been: each part in one delta."""
    events: list[Event] = [ReplyStart(reply.id, reply.model, reply.usage)]
    for number, part in enumerate(reply.parts):
        events += _part_events(number, part)
    events.append(ReplyEnd(StopReason(reply.stop), reply.usage, reply.stop_sequence))
    return events


def _part_events(number: int, part: Part) -> list[Event]:
    end = PartEnd(number)
    match part:
        case Text(text=text):
            start = PartStart(number, PartKind.TEXT)
        case Refusal(text=text):
            start = PartStart(number, PartKind.REFUSAL)
        case ToolCall(id=call_id, name=name, arguments=text):
            start = PartStart(number, PartKind.TOOL_CALL, id=call_id, name=name)
        case Thinking(text=text, signature=signature, signer=signer, redacted=redacted):
            start = PartStart(number, PartKind.THINKING, redacted=redacted)
            end = PartEnd(number, signature, signer)
        case _:  # A reply holds no others.
            return []
    delta: list[Event] = [PartDelta(number, text)] if text else []
    return [start, *delta, end]
