"""The sides on which this dialect does not stand yet: it is served between two sides of its own."""

from typing import Final, NoReturn

from translators.conversation import Conversation, Reply
from translators.dialect import Context, Target
from translators.dialects.openai_responses.words import NAME
from translators.errors import NotYet

_OTHER: Final = "of another vendor"
_CLIENT: Final = "your dialect"


def decode_request(_: bytes) -> NoReturn:
    """Raises NotYet."""
    raise NotYet(NAME, _OTHER)


def encode_request(_: Conversation, __: Target) -> NoReturn:
    """Raises NotYet."""
    raise NotYet(_CLIENT, NAME)


def encode_reply(_: Reply, __: Context) -> NoReturn:
    """Raises NotYet."""
    raise NotYet(NAME, _OTHER)


def stream_encoder(_: Context) -> NoReturn:
    """Raises NotYet."""
    raise NotYet(NAME, _OTHER)
