"""How the tokens of a prompt are counted at its vendor: what is asked, and what the answer says."""

from collections.abc import Container
from typing import Annotated, Final

import msgspec
from msgspec import Meta, structs

from translators.conversation import Conversation
from translators.errors import BadRequest, ErrorKind, UpstreamError
from translators.jsonio import ENCODER, top_level

_COUNT: Final[msgspec.json.Decoder[int]] = msgspec.json.Decoder(Annotated[int, Meta(ge=0)])


def prompt_of(conversation: Conversation) -> Conversation:
    """The conversation less how it is to be answered: a count needs none of that, so none of it is lost."""
    return structs.replace(
        conversation,
        max_tokens=None,
        temperature=None,
        top_p=None,
        top_k=None,
        stop=(),
        seed=None,
        frequency_penalty=None,
        presence_penalty=None,
        logprobs=None,
        n=None,
        stream=False,
        user=None,
        service_tier=None,
    )


def with_only(body: bytes, names: Container[str]) -> bytes:
    """The object with these fields alone; their values keep their bytes."""
    return ENCODER.encode({name: value for name, value in top_level(body).items() if name in names})


def count_in(body: bytes, name: str) -> int:
    """The count that an answer holds under that name. Raises UpstreamError."""
    try:
        return _COUNT.decode(top_level(body)[name])
    except (BadRequest, KeyError, msgspec.DecodeError) as error:
        raise UpstreamError(ErrorKind.SERVER, f"a count of tokens has no number {name!r}", status=502) from error
