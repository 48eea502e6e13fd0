"""Server-sent events: bytes in any split -> whole frames. Source: WHATWG HTML 9.2."""

from typing import Final

from msgspec import Struct

MAX_FRAME_BYTES: Final = 64 << 20
BOM: Final = b"\xef\xbb\xbf"


class Frame(Struct, frozen=True, gc=False):
    """One event: its name ("" where the wire gave none) and its data, lines joined by a newline."""

    event: str
    data: bytes


class FrameTooLong(Exception):
    """A frame grew past MAX_FRAME_BYTES without ending."""


class FrameSplitter:
    """feed(data): the frames that are now whole; frames without data (comments) are dropped.

    close(): the frame that the body ended in without a blank line, if it has data. Strictly such a frame is dropped;
    several vendors end so.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._begun = False
        self._carriage_returns = False

    def feed(self, data: bytes) -> list[Frame]:
        """Any split of the body in. Raises FrameTooLong."""
        if not self._begun:
            data = self._without_bom(data)
        if b"\r" in data:
            self._carriage_returns = True
        self._buffer += data
        if self._carriage_returns:
            self._normalise()
        end = self._buffer.rfind(b"\n\n", self._searched)
        if end < 0:
            if len(self._buffer) > MAX_FRAME_BYTES:
                raise FrameTooLong(f"a frame of more than {MAX_FRAME_BYTES} bytes")
            self._searched = max(0, len(self._buffer) - 1)
            return []
        whole = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._searched = 0
        return [frame for chunk in whole.split(b"\n\n") if (frame := _frame(chunk)) is not None]

    def close(self) -> list[Frame]:
        """What is left at the end of the body."""
        rest = bytes(self._buffer).replace(b"\r", b"\n")
        self._buffer.clear()
        frame = _frame(rest)
        return [] if frame is None else [frame]

    def _without_bom(self, data: bytes) -> bytes:
        """The first bytes, less a byte order mark that may itself be split."""
        start = bytes(self._buffer) + data
        self._buffer.clear()
        if len(start) < len(BOM) and BOM.startswith(start):
            self._buffer += start
            return b""
        self._begun = True
        return start.removeprefix(BOM)

    def _normalise(self) -> None:
        """CRLF and CR become LF. A CR at the very end stays: its LF may be still on the way."""
        held = self._buffer.endswith(b"\r")
        body = self._buffer[:-1] if held else self._buffer
        self._buffer = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        self._searched = 0
        if held:
            self._buffer += b"\r"


def _frame(chunk: bytes) -> Frame | None:
    if chunk.startswith(b"data: ") and b"\n" not in chunk:  # nearly all of them
        return Frame("", chunk[6:])
    event = ""
    data: list[bytes] = []
    for line in chunk.split(b"\n"):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            event = value.decode("utf-8", "replace")
    return Frame(event, b"\n".join(data)) if data else None
