"""A reply on its way from one dialect to another, as it arrives."""

import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

import msgspec

from translators import registry
from translators.assemble import Assembler
from translators.conversation import Reply
from translators.dialect import Context, StreamEncoder
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
    Serializer,
    Usage,
    error_of,
)
from translators.jsonio import quoted
from translators.structured import filters_of

NO_CONTEXT: Final = Context()
MAX_THOUGHT_CHARS: Final = 8 << 20
MANY: Final = 4
"""So many events are told faster together than each by itself."""
_NO_PART: Final = -1
_FRAME_ENDS: Final = (b"\n\n", b"\r\n\r\n", b"\r\r")
_MODEL: Final = rb'"%s"\s*+:\s*+"[^"\\]*+(?:\\.[^"\\]*+)*+"'


class Keep(Enum):
    """What of a reply is there to be told behind its stream. THOUGHTS: of all words only those of thoughts."""

    NOTHING = auto()
    THOUGHTS = auto()
    ALL = auto()


class ReplyStream:
    """Upstream bytes in, client bytes out.

    feed(data): any split of the upstream's body. close(): once, at its end; a stream that was cut ends in one error
    of the client's dialect. whole(): after close, the reply in one piece (of Keep.ALL). Neither raises on bad input.

    Between two sides of one dialect the bytes pass as they are, a broken frame too: only the model's name is set to
    what the client asked for, where the two differ, and the events are read for usage and errors.
    """

    def __init__(self, upstream: str, client: str, *, context: Context | None = None, keep: Keep = Keep.ALL) -> None:
        self._context = NO_CONTEXT if context is None else context
        self._client = registry.dialect(client)
        self._decoder = registry.dialect(upstream).stream_decoder()
        self._serializer = Serializer()
        self._filters = filters_of(self._context)
        self._same = upstream == client
        self._encoder = None if self._same else self._client.stream_encoder(self._context)
        self._tail = bytearray()
        self._renaming: tuple[tuple[bytes, bytes], ...] = ()
        self._signer = upstream
        self._keeps_all = keep is Keep.ALL
        self._keeps_thoughts = keep is Keep.THOUGHTS
        self._kept: list[Event] = []
        self._thoughts: set[int] = set()  # the parts whose words are kept with the thoughts
        self._thought_chars = 0
        self.model = ""
        self.usage: Usage | None = None
        self.error: ReplyError | None = None
        self.end: ReplyEnd | None = None
        self.first_event_seen = False
        self._signed = False
        self.events_seen = 0

    def feed(self, data: bytes) -> bytes:
        """The client's bytes for a piece of the upstream's body; b"" where it makes none yet."""
        events = self._shown(self._decoder.feed(data))
        if events:
            self._observe(events)
        if self._same:
            return self._own(self._whole_frames(data))
        return self._encode(events) if events else b""

    def close(self) -> bytes:
        """The last bytes."""
        healthy = self.error is None
        events = self._shown(self._decoder.close())
        self._observe(events)
        if not self._same:
            return self._encode(events)
        rest = bytes(self._tail)
        self._tail.clear()
        if healthy and self.error is not None:  # Cut: the vendor's bytes do not say so, and the rest is half a frame.
            return self._client.error_frame(error_of(self.error))
        return self._own(rest)

    def whole(self) -> bytes:
        """The reply in one piece, in the client's dialect. Raises UpstreamError where it failed."""
        return self._client.encode_reply(self.reply(), self._context)

    def reply(self) -> Reply:
        """After close, what is kept of the reply, as the client was shown it. Raises UpstreamError."""
        assembler = Assembler(self._signer)
        for event in self._kept:
            assembler.take(event)
        return assembler.reply()

    @property
    def signed(self) -> bool:
        """Whether the vendor has signed a part of it, and what is kept tells of that."""
        return self._signed and (self._keeps_all or self._keeps_thoughts)

    def _shown(self, events: list[Event]) -> list[Event]:
        """The events as the client shall see them."""
        for shown in self._filters:
            events = [seen for event in events for seen in shown(event)]
        return events

    def _observe(self, events: Sequence[Event]) -> None:
        self.events_seen += len(events)
        if self._keeps_all:
            self._kept += events
        thoughts = self._thoughts
        for event in events:
            if type(event) is PartDelta:
                if thoughts and event.part in thoughts:
                    self._keep_thought(event)
                continue
            if type(event) is PartNote:
                continue
            if self._keeps_thoughts:
                self._kept.append(event)
            if isinstance(event, PartEnd):
                self._signed = self._signed or event.signature is not None
                continue
            if isinstance(event, PartStart):
                self.first_event_seen = True
                if event.kind is PartKind.THINKING and self._keeps_thoughts:
                    thoughts.add(event.part)
            elif isinstance(event, ReplyStart):
                self.model = event.model
                self.usage = event.usage or self.usage
            elif isinstance(event, ReplyEnd):
                self.first_event_seen = True
                self.end = event
                self.usage = event.usage or self.usage
            elif isinstance(event, ReplyError):
                self.error = event

    def _keep_thought(self, event: PartDelta) -> None:
        """Of thoughts without an end nothing is kept."""
        self._kept.append(event)
        self._thought_chars += len(event.text)
        if self._thought_chars > MAX_THOUGHT_CHARS:
            self._keeps_thoughts = False
            self._kept.clear()

    def _encode(self, events: list[Event]) -> bytes:
        assert self._encoder is not None
        ordered = self._serializer.feed_all(events)
        return self._encoder.feed(ordered[0]) if len(ordered) == 1 else encode_all(self._encoder, ordered)

    def _whole_frames(self, data: bytes) -> bytes:
        """The same bytes up to the last blank line: an error that has to follow must not run into half a frame."""
        tail = self._tail
        if not tail and data.endswith(_FRAME_ENDS):
            return data
        start = max(0, len(tail) - 3)
        tail += data
        over = self.end is not None or self.error is not None
        end = len(tail)
        if not over or self._context.model:  # A name to be changed may stand behind the end, too.
            end = max(_end_of(mark, tail, start) for mark in _FRAME_ENDS)
        frames = bytes(tail[:end])
        del tail[:end]
        return frames

    def _own(self, frames: bytes) -> bytes:
        """The vendor's frames as a client of the same dialect shall see them."""
        if not self._context.include_usage and self._client.hide_usage is not None:
            frames = self._client.hide_usage(frames)
        return self._renamed(frames)

    def _renamed(self, frames: bytes) -> bytes:
        """Inside a JSON string the quotes are escaped, so `"model":"x"` can only be a field."""
        wanted = self._context.model
        if not wanted or not self.model or wanted == self.model:
            return frames
        if not self._renaming:
            self._renaming = _spellings(frames, self._client.model_key, self.model, wanted)
        for old, new in self._renaming:
            frames = frames.replace(old, new)
        return frames


def encode_all(encoder: StreamEncoder, events: Sequence[Event]) -> bytes:
    """The frames of some events. A read may hold hundreds of pieces of one text: all but the first are told at once."""
    if len(events) < MANY:
        return b"".join([encoder.feed(event) for event in events])
    frames: list[bytes] = []
    texts: list[str] = []
    part = _NO_PART  # whose piece came last
    for event in events:
        if type(event) is PartDelta and event.part == part and event.text:
            texts.append(event.text)
            continue
        if texts:
            frames.append(encoder.feed_texts(part, texts))
            texts = []
        frames.append(encoder.feed(event))
        part = event.part if type(event) is PartDelta and event.text else _NO_PART
    if texts:
        frames.append(encoder.feed_texts(part, texts))
    return b"".join(frames)


def _end_of(mark: bytes, data: bytearray, start: int) -> int:
    at = data.rfind(mark, start)
    return 0 if at < 0 else at + len(mark)


def _spellings(frames: bytes, key: str, model: str, wanted: str) -> tuple[tuple[bytes, bytes], ...]:
    """The field that names `model`, in each spelling found (white space, escapes) -> the same naming `wanted`."""
    spellings: list[tuple[bytes, bytes]] = []
    for found in set(re.findall(_MODEL % key.encode(), frames)):
        value = found.index(b'"', len(key) + 2)
        if _unquoted(found[value:]) == model:
            spellings.append((found, found[:value] + quoted(wanted)))
    return tuple(spellings)


def _unquoted(value: bytes) -> str | None:
    try:
        return msgspec.json.decode(value, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):  # A broken frame passes as it is.
        return None
