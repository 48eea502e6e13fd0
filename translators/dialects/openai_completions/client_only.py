"""The side on which this dialect does not stand: vendors keep it for models of long ago, so nobody is asked in it."""

from typing import Final, NoReturn

from translators.conversation import Conversation
from translators.dialect import Target
from translators.errors import ErrorKind, NotYet, UpstreamError

NAME: Final = "openai_completions"
_CLIENT: Final = "your dialect"


def encode_request(_: Conversation, __: Target) -> NoReturn:
    """Raises NotYet."""
    raise NotYet(_CLIENT, NAME)


def stream_decoder() -> NoReturn:
    """Raises NotYet."""
    raise NotYet(_CLIENT, NAME)


def decode_reply(_: bytes) -> NoReturn:
    """Raises UpstreamError."""
    raise UpstreamError(ErrorKind.SERVER, f"replies in the dialect {NAME} are not read", status=502)
