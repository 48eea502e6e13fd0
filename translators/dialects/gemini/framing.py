"""How a stream is cut up: server-sent events with alt=sse, else one JSON array whose elements arrive one by one.

Upstreams are always asked for events. A client that did not ask for them gets the array, as from Google.
"""

import re
from typing import Final
from urllib.parse import parse_qsl, urlencode

from translators.dialects.gemini.errors import encode_error
from translators.errors import ErrorKind, UpstreamError
from translators.sse import MAX_FRAME_BYTES, FrameSplitter, FrameTooLong

ARRAY_TYPE: Final = "application/json; charset=utf-8"
FRAMING: Final = frozenset(("alt", "$alt"))
"""Source: the system parameters of Google's APIs."""

_MARK: Final = re.compile(rb'[{}"]')
_IN_STRING: Final = re.compile(rb'["\\]')
_BETWEEN: Final = re.compile(rb"[\s,\[\]]*")


class BrokenArray(Exception):
    """Something other than objects in the array. `whole`: the objects before it."""

    def __init__(self, whole: list[bytes]) -> None:
        super().__init__("something other than objects in an array")
        self.whole = whole


class ArraySplitter:
    """A JSON array of objects in any split: feed(data) gives the objects that are now whole.

    What stands between them is not looked at closely. Raises BrokenArray, and FrameTooLong.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._at = 0
        self._depth = 0
        self._in_string = False

    def feed(self, data: bytes) -> list[bytes]:
        """Any split of the body in."""
        held = self._held
        held += data
        whole: list[bytes] = []
        start = 0
        while (found := (_IN_STRING if self._in_string else _MARK).search(held, self._at)) is not None:
            mark = found[0]
            if self._in_string:
                if mark == b"\\" and found.end() == len(held):  # What it escapes has yet to come.
                    break
                self._in_string = mark == b"\\"
                self._at = found.end() + self._in_string
                continue
            self._at = found.end()
            if self._depth == 0:
                if not _may_stand_between(held[start : found.start()], mark):
                    raise BrokenArray(whole)
                start = found.start()
            self._in_string = mark == b'"'
            self._depth += (mark == b"{") - (mark == b"}")
            if mark == b"}" and self._depth == 0:
                whole.append(bytes(held[start : self._at]))
                start = self._at
        else:
            self._at = len(held)
        if self._depth == 0:
            if not _may_stand_between(held[start:], b"{"):
                raise BrokenArray(whole)
            start = len(held)
        del held[:start]
        self._at -= start
        if len(held) > MAX_FRAME_BYTES:
            raise FrameTooLong(f"an element of more than {MAX_FRAME_BYTES} bytes")
        return whole


def _may_stand_between(between: bytes | bytearray, mark: bytes) -> bool:
    """Before an object that `mark` begins."""
    return mark == b"{" and _BETWEEN.fullmatch(between) is not None


class ArrayReframer:
    """Our stream of events as the array: feed(data), any split; close(), once, behind an error frame too.

    What it gives are whole elements, so that a newline may be sent to a waiting client at any time.
    """

    content_type = ARRAY_TYPE

    def __init__(self) -> None:
        self._frames = FrameSplitter()
        self._begun = False
        self._broken = False

    def feed(self, data: bytes) -> bytes:
        """The elements of the frames that are now whole."""
        if self._broken:
            return b""
        try:
            return b"".join([self._element(frame.data) for frame in self._frames.feed(data)])
        except FrameTooLong as error:
            self._broken = True
            return self._element(
                encode_error(UpstreamError(ErrorKind.SERVER, f"the upstream sent {error}", status=502))
            )

    def close(self) -> bytes:
        """The last element, if the stream ended without a blank line, and the end of the array."""
        left = [] if self._broken else self._frames.close()
        rest = b"".join([self._element(frame.data) for frame in left])
        return rest + (b"]\n" if self._begun else b"[]\n")

    def _element(self, data: bytes) -> bytes:
        before = b",\r\n" if self._begun else b"["
        self._begun = True
        return before + data


def reframe(query: str) -> ArrayReframer | None:
    """What a streaming client with this query needs behind our stream; None where it asked for events."""
    asked = dict(parse_qsl(query))
    return None if any(asked.get(name) == "sse" for name in FRAMING) else ArrayReframer()


def forward_query(query: str) -> str:
    """A client's query as it goes on to an upstream: without what was about the framing of our own reply."""
    if not query:
        return ""
    return urlencode([(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in FRAMING])
