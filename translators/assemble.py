"""Events -> a whole reply, and back."""

from msgspec import Struct

from translators.conversation import (
    Audio,
    File,
    Hosted,
    HostedCall,
    HostedResult,
    Image,
    Part,
    Refusal,
    Reply,
    Text,
    Thinking,
    ToolCall,
)
from translators.errors import ErrorKind, UpstreamError
from translators.events import (
    Event,
    PartDelta,
    PartEnd,
    PartKind,
    PartNote,
    PartStart,
    ReplyEnd,
    ReplyError,
    ReplyStart,
    StopReason,
    Usage,
    error_of,
)
from translators.notes import Citation, Note


class _Open(Struct):
    start: PartStart
    pieces: list[str]
    notes: list[Note]
    signature: str | None = None
    signer: str | None = None
    failed: bool = False


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
                self._parts[part] = _Open(event, [], [])
            case PartDelta(part=part, text=text):
                self._parts[part].pieces.append(text)
            case PartNote(part=part, note=note):
                self._parts[part].notes.append(note)
            case PartEnd(part=part, signature=signature, signer=signer, failed=failed):
                ended = self._parts[part]
                ended.signature, ended.signer, ended.failed = signature, signer or self._signer, failed
            case ReplyEnd():
                self._end = event
            case ReplyError():
                self.error = event

    def reply(self) -> Reply:
        """The whole reply. Raises UpstreamError where the events ended in an error or not at all."""
        if self.error is not None:
            raise error_of(self.error)
        if self._end is None:
            raise UpstreamError(ErrorKind.SERVER, "the upstream's reply ended early", status=502)
        return Reply(
            id=self._id,
            model=self._model,
            parts=tuple(_part(part) for part in self._parts.values()),
            stop=self._end.stop,
            usage=self._end.usage or self._usage,
            stop_sequence=self._end.stop_sequence,
        )


def _part(part: _Open) -> Part:
    text, start = "".join(part.pieces), part.start
    match start.kind:
        case PartKind.TEXT:
            return Text(text, notes=tuple(part.notes))
        case PartKind.REFUSAL:
            return Refusal(text)
        case PartKind.TOOL_CALL:
            return ToolCall(start.id, start.name, text or "{}")
        case PartKind.THINKING:
            return Thinking(text, part.signature, part.signer if part.signature else None, start.redacted)
        case PartKind.MEDIA:
            return media_of(start.media_type, text)
        case PartKind.HOSTED_CALL:
            return HostedCall(start.id, Hosted(start.name), text or "{}")
        case PartKind.HOSTED_RESULT:
            sources = tuple(note for note in part.notes if isinstance(note, Citation))
            return HostedResult(start.id, Hosted(start.name), text, sources, part.failed)


def media_of(media_type: str, data: str) -> Image | Audio | File:
    """What a base64 text of that media type is."""
    kind, _, rest = media_type.partition("/")
    match kind:
        case "image":
            return Image(media_type, data)
        case "audio":
            return Audio(data, rest)
        case _:
            return File(media_type, data)


def events_of(reply: Reply) -> list[Event]:
    """The stream that this reply could have been: each part in one delta."""
    events: list[Event] = [ReplyStart(reply.id, reply.model, reply.usage)]
    for number, part in enumerate(reply.parts):
        events += part_events(number, part)
    events.append(ReplyEnd(StopReason(reply.stop), reply.usage, reply.stop_sequence))
    return events


def part_events(number: int, part: Part) -> list[Event]:
    """The events of one part, all of it in one delta; none of what no reply holds."""
    end = PartEnd(number)
    notes: tuple[Note, ...] = ()
    match part:
        case Text(text=text, notes=notes):
            start = PartStart(number, PartKind.TEXT)
        case Refusal(text=text):
            start = PartStart(number, PartKind.REFUSAL)
        case ToolCall(id=call_id, name=name, arguments=text):
            start = PartStart(number, PartKind.TOOL_CALL, id=call_id, name=name)
        case Thinking(text=text, signature=signature, signer=signer, redacted=redacted):
            start = PartStart(number, PartKind.THINKING, redacted=redacted)
            end = PartEnd(number, signature, signer)
        case Image(media_type=media_type, data=text) | File(media_type=media_type, data=text):
            start = PartStart(number, PartKind.MEDIA, media_type=media_type)
        case Audio(data=text, format=sound):
            start = PartStart(number, PartKind.MEDIA, media_type=f"audio/{sound}")
        case HostedCall(id=call_id, tool=tool, arguments=text):
            start = PartStart(number, PartKind.HOSTED_CALL, id=call_id, name=tool)
        case HostedResult(call_id=call_id, tool=tool, text=text, sources=notes, failed=failed):
            start = PartStart(number, PartKind.HOSTED_RESULT, id=call_id, name=tool)
            end = PartEnd(number, failed=failed)
        case _:  # A reply holds no others.
            return []
    delta: list[Event] = [PartDelta(number, text)] if text else []
    return [start, *delta, *(PartNote(number, note) for note in notes), end]
