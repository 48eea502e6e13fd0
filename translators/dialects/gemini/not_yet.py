"""What a side of another dialect would need. Between two sides of this one the bytes pass as they are."""

from typing import NoReturn

from translators.conversation import Conversation, Reply
from translators.dialect import Context, EncodedRequest, StreamEncoder, Target
from translators.dialects.gemini.words import NAME
from translators.errors import NotYet

OTHERS = "another dialect"


def decode_request(_: bytes) -> Conversation:
    """Raises NotYet."""
    _to_others()


def encode_request(_: Conversation, __: Target) -> EncodedRequest:
    """Raises NotYet."""
    _from_others()


def encode_reply(_: Reply, __: Context) -> bytes:
    """Raises NotYet."""
    _to_others()


def stream_encoder(_: Context) -> StreamEncoder:
    """Raises NotYet."""
    _to_others()


def _to_others() -> NoReturn:
    raise NotYet(NAME, OTHERS)


def _from_others() -> NoReturn:
    raise NotYet(OTHERS, NAME)
