"""What routing needs of a request, where both stand in its body."""

from typing import Final

import msgspec
from msgspec import Struct

from translators import tolerant
from translators.dialect import Peek
from translators.errors import BadRequest
from translators.jsonio import UNREADABLE


class _Body(Struct):
    model: str | None = None
    stream: bool | None = None


_BODY: Final = msgspec.json.Decoder(_Body)


def peek(body: bytes) -> Peek:
    """Model and stream of a request. Raises BadRequest."""
    try:
        found = _BODY.decode(body)
    except msgspec.ValidationError:
        found, _ = tolerant.decode(body, _Body)
    except UNREADABLE as error:
        raise BadRequest("$", "valid JSON") from error
    if not found.model:
        raise BadRequest("$.model", "the name of a model")
    return Peek(found.model, bool(found.stream))
