"""A reply as it arrives: neutral events, their order, and the serializer.

A reply is `ReplyStart (PartStart (PartDelta | PartNote)* PartEnd)* ReplyEnd`. Parts carry a number and several may be
open at once (chat tool calls interleave). Anywhere, `ReplyError` ends it. A part is never reopened.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum, auto
from typing import Final

from msgspec import Struct

from translators.errors import ErrorKind, GatewayError, UpstreamError
from translators.notes import Note


class StopReason(StrEnum):
    """Why the model stopped."""

    END_TURN = "end_turn"
    STOP_SEQUENCE = "stop_sequence"
    LENGTH = "length"
    TOOL_USE = "tool_use"
    REFUSAL = "refusal"
    PAUSE = "pause"


class PartKind(StrEnum):
    """What a part of a reply holds.

    MEDIA: a picture, sound or a file, its deltas are base64. HOSTED_CALL: the vendor runs one of its own tools (`name`
    is one of `conversation.Hosted`), its deltas are one JSON object. HOSTED_RESULT: what that gave back (`id` is the
    call's), its deltas are what was printed, its notes the pages that were found.
    """

    TEXT = "text"
    THINKING = "thinking"
    TOOL_CALL = "tool_call"
    REFUSAL = "refusal"
    MEDIA = "media"
    HOSTED_CALL = "hosted_call"
    HOSTED_RESULT = "hosted_result"


class Usage(Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """Token counts of one reply.

    `input_tokens` is the whole prompt: `cached_tokens` (read from a cache), `cache_write_tokens` and
    `input_audio_tokens` are a part of it; `cache_write_1h_tokens` are those of the written that stay for an hour.
    `output_tokens` is the whole answer: `reasoning_tokens` and `output_audio_tokens` are a part of it.
    `searches`: how often the vendor searched the web.
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_1h_tokens: int = 0
    input_audio_tokens: int = 0
    output_audio_tokens: int = 0
    searches: int = 0


class ReplyStart(Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """`usage` where the vendor tells the prompt's size first (Anthropic)."""

    id: str
    model: str
    usage: Usage | None = None


class PartStart(Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """`id` and `name` belong to calls, `media_type` to media. `redacted`: thinking that only its signer can read."""

    part: int
    kind: PartKind
    id: str = ""
    name: str = ""
    redacted: bool = False
    media_type: str = ""


class PartDelta(Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """A piece of text; of a tool call: a piece of its arguments, which joined are one JSON object."""

    part: int
    text: str


class PartNote(Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """Something about the part that is no words of it: where they come from, how likely they were."""

    part: int
    note: Note


class PartEnd(Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """`signature`: the signer's proof of a thinking part, or the data of a redacted one. `signer`: its dialect.

    `failed`: a hosted tool's call did.
    """

    part: int
    signature: str | None = None
    signer: str | None = None
    failed: bool = False


class ReplyEnd(Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """`usage` is None where the vendor never told."""

    stop: StopReason
    usage: Usage | None = None
    stop_sequence: str | None = None


class ReplyError(Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """The vendor's failure inside a stream, or a stream that broke. `status` is what HTTP would have said.

    `retry_after_s`: when it may be asked again, where it told.
    """

    kind: ErrorKind
    message: str
    status: int = 500
    code: str | None = None
    retry_after_s: float | None = None


def event_of(error: GatewayError) -> ReplyError:
    """The event that tells of it; `error_of` is the way back."""
    return ReplyError(error.kind, str(error), error.status, error.code, error.retry_after_s)


def error_of(event: ReplyError) -> UpstreamError:
    """The error that it tells of."""
    return UpstreamError(
        event.kind, event.message, status=event.status, code=event.code, retry_after_s=event.retry_after_s
    )


type Event = ReplyStart | PartStart | PartDelta | PartNote | PartEnd | ReplyEnd | ReplyError


class State(Enum):
    """Where a reply stands. `OPEN`: between parts or within some."""

    IDLE = auto()
    OPEN = auto()
    DONE = auto()


TRANSITIONS: Final[Mapping[State, Mapping[type, State]]] = {
    State.IDLE: {ReplyStart: State.OPEN, ReplyError: State.DONE},
    State.OPEN: {
        PartStart: State.OPEN,
        PartDelta: State.OPEN,
        PartNote: State.OPEN,
        PartEnd: State.OPEN,
        ReplyEnd: State.DONE,
        ReplyError: State.DONE,
    },
    State.DONE: {},
}


class OutOfOrder(Exception):
    """An event came where the table does not allow it: a decoder's bug."""


class Order:
    """Checks a reply's events against the table. For tests, and for whoever writes a decoder."""

    def __init__(self) -> None:
        self.state = State.IDLE
        self.open: set[int] = set()
        self.ended: set[int] = set()

    def take(self, event: Event) -> None:
        """Moves on by one event. Raises OutOfOrder."""
        following = TRANSITIONS[self.state].get(type(event))
        if following is None:
            raise OutOfOrder(f"{type(event).__name__} in state {self.state.name}")
        match event:
            case PartStart(part=part):
                if part in self.open or part in self.ended:
                    raise OutOfOrder(f"part {part} starts twice")
                self.open.add(part)
            case PartDelta(part=part) | PartNote(part=part):
                if part not in self.open:
                    raise OutOfOrder(f"{type(event).__name__} for part {part}, which is not open")
            case PartEnd(part=part):
                if part not in self.open:
                    raise OutOfOrder(f"end of part {part}, which is not open")
                self.open.remove(part)
                self.ended.add(part)
            case ReplyEnd():
                if self.open:
                    raise OutOfOrder(f"reply ends with open parts {sorted(self.open)}")
            case ReplyStart() | ReplyError():
                pass
        self.state = following


class Serializer:
    """Puts the parts of a reply one after the other, for encoders that can have only one open.

    feed(event): the events that may go out now. The first open part goes straight through; the others wait for
    its end. An error lets nothing waiting through. feed_all(events): the same for many; nearly always nothing has to
    wait, and they come back as they are.
    """

    def __init__(self) -> None:
        self._current: int | None = None
        self._waiting: dict[int, list[Event]] = {}

    def feed(self, event: Event) -> list[Event]:
        """The events that may go out now, in order."""
        match event:
            case PartDelta(part=part) | PartEnd(part=part) | PartStart(part=part) | PartNote(part=part):
                return self._part_event(part, event)
            case ReplyStart() | ReplyEnd() | ReplyError():
                return [event]

    def feed_all(self, events: list[Event]) -> list[Event]:
        """The events that may go out now, in order."""
        current = self._current
        if not self._waiting:
            for event in events:
                if type(event) is PartDelta or type(event) is PartNote:
                    if event.part != current:
                        break
                elif type(event) is PartStart:
                    if current is not None:
                        break
                    current = event.part
                elif type(event) is PartEnd:
                    if event.part != current:
                        break
                    current = None
            else:
                self._current = current
                return events
        return [ordered for event in events for ordered in self.feed(event)]

    def _part_event(self, part: int, event: Event) -> list[Event]:
        if self._current is None:
            self._current = part
        if part != self._current:
            self._waiting.setdefault(part, []).append(event)
            return []
        if type(event) is not PartEnd:
            return [event]
        return [event, *self._release()]

    def _release(self) -> list[Event]:
        """What waited behind the part that has just ended, up to and with the next part that is still open."""
        self._current = None
        released: list[Event] = []
        while self._waiting:
            part = next(iter(self._waiting))
            events = self._waiting.pop(part)
            released += events
            if type(events[-1]) is not PartEnd:
                self._current = part
                break
        return released
