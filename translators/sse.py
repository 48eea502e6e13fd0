"""Server-sent events: bytes in any split -> whole frames. Source: WHATWG HTML 9.2."""

from functools import lru_cache
from typing import Final

from msgspec import Struct

MAX_FRAME_BYTES: Final = 64 << 20
BOM: Final = b"\xef\xbb\xbf"

# Numbers, not letters: `b"\n" in data` tries its left side as a number first, which takes ten times as long.
_LF: Final = 0x0A
_CR: Final = 0x0D


class Frame(Struct, frozen=True, gc=False):
    """One event: its name ("" where the wire gave none) and its data, lines joined by a newline."""

    event: str
    data: bytes


class FrameTooLong(Exception):
    """A frame grew past MAX_FRAME_BYTES without ending."""


class FrameSplitter:
    """feed(data): the frames that are now whole; frames without data (comments) are dropped. chunks(data): the same, as
    they stand (see frame_of).

    close(): the frame that the body ended in without a blank line, if it has data. Strictly such a frame is dropped;
    several vendors end so.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._begun = False
        self._after_carriage_return = False

    def feed(self, data: bytes) -> list[Frame]:
        """Any split of the body in. Raises FrameTooLong."""
        whole = self._whole(data)
        if whole is None:
            return []
        return [frame for chunk in whole.split(b"\n\n") if (frame := frame_of(chunk)) is not None]

    def data(self, data: bytes) -> list[bytes]:
        """The data of the same alone, for vendors that name no events."""
        whole = self._whole(data)
        if whole is None:
            return []
        if whole.startswith(b"data: "):
            found = whole[6:].split(b"\n\ndata: ")
            if whole.count(b"\n") == 2 * len(found) - 2:  # one line in each, as nearly always
                return found
        return [frame.data for chunk in whole.split(b"\n\n") if (frame := frame_of(chunk)) is not None]

    def chunks(self, data: bytes) -> list[bytes]:
        """The same, each frame in its bytes, line ends mended and the blank line taken off."""
        whole = self._whole(data)
        return [] if whole is None else whole.split(b"\n\n")

    def _whole(self, data: bytes) -> bytes | None:
        """The frames that are now whole, less the last blank line; None where none is."""
        if not self._begun:
            data = self._without_bom(data)
        if self._after_carriage_return or _CR in data:
            data = self._with_newlines(data)
        held = self._held
        if data.find(b"\n\n") < 0 and not (data.startswith(b"\n") and held.endswith(b"\n")):
            held += data
            if len(held) > MAX_FRAME_BYTES:
                raise FrameTooLong(f"a frame of more than {MAX_FRAME_BYTES} bytes")
            return None
        if held:
            held += data
            data = bytes(held)
            held.clear()
        whole, _, rest = data.rpartition(b"\n\n")
        held += rest
        return whole

    def close(self) -> list[Frame]:
        """What is left at the end of the body."""
        frame = frame_of(bytes(self._held))
        self._held.clear()
        return [] if frame is None else [frame]

    def _without_bom(self, data: bytes) -> bytes:
        """The first bytes, less a byte order mark that may itself be split."""
        start = bytes(self._held) + data
        self._held.clear()
        if len(start) < len(BOM) and BOM.startswith(start):
            self._held += start
            return b""
        self._begun = True
        return start.removeprefix(BOM)

    def _with_newlines(self, data: bytes) -> bytes:
        """CRLF and CR become LF. A CR ends its line at once; an LF that comes in the next piece belongs to it."""
        if not data:
            return data
        if self._after_carriage_return:
            data = data.removeprefix(b"\n")
        self._after_carriage_return = data.endswith(b"\r")
        mended = b"\n".join(data.splitlines())  # Of bytes these three are all the line ends; the last one gets lost.
        return mended + b"\n" if data.endswith((b"\r", b"\n")) else mended


def frame_of(chunk: bytes) -> Frame | None:
    """A frame from its bytes, without the blank line; None where it has no data."""
    if chunk.startswith(b"data: ") and _LF not in chunk:  # OpenAI's, Gemini's
        return Frame("", chunk[6:])
    name, separator, rest = chunk.partition(b"\ndata: ")
    if separator and name.startswith(b"event: ") and _LF not in name and _LF not in rest:  # Anthropic's
        return Frame(_name(name[7:]), rest)
    event = ""
    data: list[bytes] = []
    for line in chunk.split(b"\n"):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            event = _name(value)
    return Frame(event, b"\n".join(data)) if data else None


@lru_cache(maxsize=64)
def _name(value: bytes) -> str:
    return value.decode("utf-8", "replace")
