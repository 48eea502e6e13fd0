"""JSON in and out: typed reading with complaints that name a path, and edits that leave the rest as it is."""

import codecs
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeGuard

import msgspec
from msgspec import Raw, UnsetType

from translators.errors import BadRequest

ENCODER: Final = msgspec.json.Encoder()

quoted: Final[Callable[[str], bytes]] = ENCODER.encode
"""A JSON string, quotes and all. Streams need one for each piece: it is the encoder's own method."""


def quoted_all(texts: list[str], before: bytes, behind: bytes) -> bytes:
    """Each as a JSON string between the two. There is no newline in such a string, so it stands for what is between
    two of them until all are written."""
    return before + ENCODER.encode_lines(texts)[:-1].replace(b"\n", behind + before) + behind


UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What a reader raises over invalid JSON, bad UTF-8, deep nesting and wrong types."""

_TOP: Final = msgspec.json.Decoder(dict[str, Raw])
_SPOT: Final = re.compile(r" - at `([^`]*)`$")
_MISSING: Final = re.compile(r"Object missing required field `(.*)`")
_INVALID: Final = re.compile(r"Invalid (?:enum )?value (.*)", re.DOTALL)
_PIECE_BYTES: Final = 1 << 15


def read[T](decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The body as the decoder's type. Raises BadRequest for invalid JSON, bad UTF-8, lone surrogates, deep nesting
    and wrong types."""
    check_text(body)
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise bad_request(error) from error
    except UNREADABLE as error:
        raise BadRequest("$", "valid JSON") from error


def check_text(body: bytes) -> None:
    """Raises BadRequest where the body is no UTF-8: a typed reader steps over that in what it does not read.

    Invalid escapes and lone surrogates need no check of their own: the reader refuses them everywhere.
    """
    if body.isascii():
        return
    view, at = memoryview(body), 0
    try:
        while at < len(body):  # In pieces: the text of a whole body, widened for one letter, costs three times as much.
            last = at + _PIECE_BYTES >= len(body)
            at += codecs.utf_8_decode(view[at : at + _PIECE_BYTES], "strict", last)[1]
    except UnicodeDecodeError as error:
        raise BadRequest("$", "valid UTF-8") from error


def bad_request(error: msgspec.ValidationError, path: str = "$") -> BadRequest:
    """A typed reader's complaint in our words; `path` is where that reader stood in the body."""
    complaint = str(error)
    spot = _SPOT.search(complaint)
    what = complaint[: spot.start()] if spot else complaint
    place = path + (spot[1].removeprefix("$") if spot else "")
    if missing := _MISSING.match(what):
        return BadRequest(f"{place}.{missing[1]}", "a value: it is required")
    if invalid := _INVALID.match(what):
        return BadRequest(place, f"a known value, not {invalid[1][:80]}")
    return BadRequest(place, what.removeprefix("Expected ").replace("`", ""))


def top_level(body: bytes) -> dict[str, Raw]:
    """The fields of a JSON object, unread. Raises BadRequest."""
    return read(_TOP, body)


def with_fields(body: bytes, fields: Mapping[str, object]) -> bytes:
    """The same object with some top-level fields replaced or added; every other value keeps its bytes."""
    return ENCODER.encode({**top_level(body), **fields})


def text_of(raw: Raw) -> str:
    """Opaque JSON as text."""
    return str(raw, "utf-8")


def is_said(value: Raw | UnsetType) -> TypeGuard[Raw]:
    """Whether an opaque field says anything: null is as good as nothing, and so is an empty one, which stands for a
    field that is not there."""
    return isinstance(value, Raw) and bytes(value) not in (b"", b"null")


def all_of(words: str | list[str] | None) -> tuple[str, ...]:
    """A field that is one text, or several, or none."""
    if words is None:
        return ()
    return (words,) if isinstance(words, str) else tuple(words)
