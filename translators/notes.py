"""What is said about the words of a reply: where they come from, and how likely they were."""

from collections.abc import Iterable

from msgspec import Struct


class Citation(Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """Where words come from: a page (`url`), a file of the vendor's (`file_id`), or a document of the request.

    `quote`: the source's own words. `start`, `end`: which characters of the text it covers (code points, the end not
    included); None: all of it. `document`: its number among the documents of the request, from 0.
    `pages`: which pages of it, the last one included.
    """

    url: str = ""
    title: str = ""
    quote: str = ""
    file_id: str = ""
    start: int | None = None
    end: int | None = None
    document: int | None = None
    pages: tuple[int, int] | None = None


class TokenChance(Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """A token and the natural logarithm of its chance. `data`: its bytes, where its text is none of its own."""

    token: str
    logprob: float
    data: tuple[int, ...] | None = None


def bytes_of(said: Iterable[int] | None) -> tuple[int, ...] | None:
    """What a vendor told of a token's bytes, less what is no byte."""
    return None if said is None else tuple(byte for byte in said if 0 <= byte < 256)


class TokenNote(Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """A token that was chosen, and the likeliest in its place."""

    chosen: TokenChance
    top: tuple[TokenChance, ...] = ()


class Logprobs(Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """How likely the next tokens of the text were."""

    tokens: tuple[TokenNote, ...]


type Note = Citation | Logprobs
