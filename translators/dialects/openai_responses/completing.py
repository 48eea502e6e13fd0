"""A stream whose last event has what it left out.

The Codex backend sends every item and then an end without any. Codex does not mind; the final reply of an SDK would be
empty.
"""

from typing import Final

import msgspec
from msgspec import Raw

from translators.dialects.openai_responses.frames import Malformed, read
from translators.dialects.openai_responses.whole import filled
from translators.jsonio import ENCODER, UNREADABLE
from translators.sse import Frame

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_MARKS: Final = (b"response.output_item.done", b"response.completed", b"response.incomplete")
_DATA: Final = b"data: "
_END: Final = b"\n\n"


class Completer:
    """See translators.dialect.Reframer. All else passes as it is, a stream with other line ends too."""

    content_type = "text/event-stream; charset=utf-8"

    def __init__(self) -> None:
        self._tail = b""
        self._done: dict[int, Raw] = {}
        self._over = False

    def feed(self, data: bytes) -> bytes:
        """A piece of the stream, less a frame that is not whole yet."""
        data = self._tail + data
        self._tail = b""
        if self._over or b"\r" in data:
            self._over = True
            return data
        if not data.endswith(_END):
            whole, end, rest = data.rpartition(_END)
            data, self._tail = whole + end, rest
        if not any(mark in data for mark in _MARKS):
            return data
        return b"".join([self._seen(chunk) + _END for chunk in data.split(_END)[:-1]])

    def close(self) -> bytes:
        """What is left."""
        rest, self._tail = self._tail, b""
        return rest

    def _seen(self, chunk: bytes) -> bytes:
        """A frame, without its blank line."""
        head, mark, data = chunk.partition(_DATA)
        if self._over or not mark or b"\n" in data or not any(mark in data for mark in _MARKS):
            return chunk
        try:
            kind, event = read(Frame("", data))
            if kind == "response.output_item.done":
                place = len(self._done) if event.output_index is None else event.output_index
                self._done[place] = event.item
            elif kind in ("response.completed", "response.incomplete"):
                return head + mark + self._completed(data)
        except (Malformed, *UNREADABLE):
            self._over = True  # A broken frame passes as it is.
        return chunk

    def _completed(self, data: bytes) -> bytes:
        self._over = True
        event = _OBJECT.decode(data)
        response = filled(_OBJECT.decode(event["response"]), self._done) if "response" in event else None
        return data if response is None else ENCODER.encode({**event, "response": response})


def reframe(_: str) -> Completer:
    """For every streaming client: it costs nothing but a look at each piece."""
    return Completer()
