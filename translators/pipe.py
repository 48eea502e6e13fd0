"""A reply on its way from one dialect to another, as it arrives."""

from collections.abc import Sequence
from typing import Final

from translators import registry
from translators.assemble import Assembler
from translators.dialect import Context
from translators.errors import GatewayError, UpstreamError
from translators.events import (
    Event,
    PartStart,
    ReplyEnd,
    ReplyError,
    ReplyStart,
    Serializer,
    Usage,
)
from translators.jsonio import quoted

NO_CONTEXT: Final = Context()


class ReplyStream:
    """Upstream bytes in, client bytes out.

    feed(data): any split of the upstream's body. close(): once, at its end; a stream that was cut ends in one error
    of the client's dialect. whole(): after close, the reply in one piece (needs `keep`). Neither raises on bad input.

    Between two sides of one dialect the bytes pass as they are: only the model's name is set to what the client asked
    for, where the two differ, and the events are read for usage and errors.
    """

    def __init__(self, upstream: str, client: str, *, context: Context | None = None, keep: bool = True) -> None:
        self._context = NO_CONTEXT if context is None else context
        self._client = registry.dialect(client)
        self._decoder = registry.dialect(upstream).stream_decoder()
        self._encoder = self._client.stream_encoder(self._context)
        self._serializer = Serializer()
        self._same = upstream == client
        self._tail = bytearray()
        self._renaming: tuple[tuple[bytes, bytes], ...] = ()
        self._signer = upstream
        self._kept: list[Event] | None = [] if keep else None
        self.model = ""
        self.usage: Usage | None = None
        self.error: ReplyError | None = None
        self.end: ReplyEnd | None = None
        self.first_event_seen = False
        self.events_seen = 0

    def feed(self, data: bytes) -> bytes:
        """The client's bytes for a piece of the upstream's body; b"" where it makes none yet."""
        events = self._decoder.feed(data)
        if events:
            self._observe(events)
        return self._pass(data) if self._same else self._encode(events)

    def close(self) -> bytes:
        """The last bytes."""
        healthy = self.error is None
        events = self._decoder.close()
        self._observe(events)
        if not self._same:
            return self._encode(events)
        rest = bytes(self._tail)
        self._tail.clear()
        if healthy and self.error is not None:  # Cut: the vendor's bytes do not say so.
            return rest + self._client.error_frame(error_of(self.error))
        return rest

    def whole(self) -> bytes:
        """The reply in one piece, in the client's dialect. Raises UpstreamError where it failed."""
        assembler = Assembler(self._signer)
        for event in self._kept or ():
            assembler.take(event)
        return self._client.encode_reply(assembler.reply(), self._context)

    def _observe(self, events: Sequence[Event]) -> None:
        self.events_seen += len(events)
        if self._kept is not None:
            self._kept += events
        for event in events:
            kind = type(event)
            if kind is PartStart:
                self.first_event_seen = True
            elif isinstance(event, ReplyStart):
                self.model = event.model
                self.usage = event.usage or self.usage
            elif isinstance(event, ReplyEnd):
                self.first_event_seen = True
                self.end = event
                self.usage = event.usage or self.usage
            elif isinstance(event, ReplyError):
                self.error = event

    def _encode(self, events: Sequence[Event]) -> bytes:
        serialize, encode = self._serializer.feed, self._encoder.feed
        return b"".join([encode(ordered) for event in events for ordered in serialize(event)])

    def _pass(self, data: bytes) -> bytes:
        """The same bytes; whole frames only where a name must be changed in them."""
        wanted = self._context.model
        if not wanted or wanted == self.model:
            if not self._tail:
                return data
            data, self._tail = bytes(self._tail) + data, bytearray()
            return data
        self._tail += data
        end = self._tail.rfind(b"\n\n") + 2
        if end < 2:
            return b""
        frames = bytes(self._tail[:end])
        del self._tail[:end]
        return self._renamed(frames)

    def _renamed(self, frames: bytes) -> bytes:
        """Inside a JSON string the quotes are escaped, so `"model":"x"` can only be a field."""
        if not self.model:
            return frames
        if not self._renaming:
            old, new = quoted(self.model), quoted(self._context.model)
            keys = (b'"model":', b'"model": ')
            self._renaming = tuple((key + old, key + new) for key in keys)
        for old, new in self._renaming:
            frames = frames.replace(old, new)
        return frames


def error_of(event: ReplyError) -> GatewayError:
    """An error event as the error that it tells of."""
    return UpstreamError(event.kind, event.message, status=event.status, code=event.code)
