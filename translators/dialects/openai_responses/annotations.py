"""What is said about a text, on the wire and neutral: where its words come from, and how likely its tokens were."""

import contextlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, UnsetType

from translators.jsonio import UNREADABLE
from translators.notes import Citation, Logprobs, Note, TokenChance, TokenNote, bytes_of


class Annotation(Struct, omit_defaults=True):
    """Of a page (url_citation), or of a file of the vendor's (file_citation, container_file_citation)."""

    type: str = ""
    url: str | None = None
    title: str | None = None
    start_index: int | None = None
    end_index: int | None = None
    file_id: str | None = None
    filename: str | None = None
    index: int | None = None


class Chance(Struct, omit_defaults=True):
    token: str = ""
    logprob: float = 0.0
    bytes: list[int] | None = None


class Token(Struct, omit_defaults=True):
    token: str = ""
    logprob: float = 0.0
    bytes: list[int] | None = None
    top_logprobs: list[Chance] | None = None


_ANNOTATIONS: Final = msgspec.json.Decoder(list[Annotation] | None, strict=False)
_ANNOTATION: Final = msgspec.json.Decoder(Annotation | None, strict=False)
_TOKENS: Final = msgspec.json.Decoder(list[Token] | None, strict=False)
_NOTHING: Final = (b"[]", b"null")


def notes_of(annotations: Raw | UnsetType, logprobs: Raw | UnsetType = msgspec.UNSET) -> tuple[Note, ...]:
    """The notes of a whole text. What can't be read is left out: it is no word of the reply's."""
    notes: list[Note] = []
    if isinstance(annotations, Raw) and bytes(annotations) not in _NOTHING:
        with contextlib.suppress(*UNREADABLE):
            notes += filter(None, map(_citation, _ANNOTATIONS.decode(annotations) or ()))
    return (*notes, *tokens_of(logprobs))


def citation_of(annotation: Raw | UnsetType) -> Citation | None:
    """One annotation."""
    if isinstance(annotation, UnsetType):
        return None
    try:
        found = _ANNOTATION.decode(annotation)
    except UNREADABLE:
        return None
    return None if found is None else _citation(found)


def tokens_of(logprobs: Raw | UnsetType) -> tuple[Logprobs, ...]:
    """How likely the tokens were; nothing where nobody asked."""
    if isinstance(logprobs, UnsetType) or bytes(logprobs) in _NOTHING:
        return ()
    try:
        tokens = _TOKENS.decode(logprobs) or ()
    except UNREADABLE:
        return ()
    notes = tuple(
        TokenNote(_chance(token), tuple(_chance(chance) for chance in token.top_logprobs or ())) for token in tokens
    )
    return (Logprobs(notes),) if notes else ()


def _chance(said: Chance | Token) -> TokenChance:
    return TokenChance(said.token, said.logprob, bytes_of(said.bytes))


def _citation(said: Annotation) -> Citation | None:
    if not said.url and not said.file_id:
        return None
    title = said.title or said.filename or ""
    return Citation(
        url=said.url or "", title=title, file_id=said.file_id or "", start=said.start_index, end=said.end_index
    )


def annotation_of(citation: Citation, start: int, end: int) -> dict[str, Any] | None:
    """The annotation, None for a document of the request: OpenAI has no word for it.

    `start`, `end`: where the text that it belongs to stands.
    """
    first = start if citation.start is None else start + citation.start
    last = end if citation.end is None else min(end, start + citation.end)
    if citation.url:
        return {
            "type": "url_citation",
            "url": citation.url,
            "title": citation.title,
            "start_index": first,
            "end_index": max(first, last),
        }
    if citation.file_id:
        return {"type": "file_citation", "file_id": citation.file_id, "filename": citation.title, "index": first}
    return None


def logprobs_of(notes: Iterable[TokenNote]) -> list[dict[str, Any]]:
    """The tokens as an item has them."""
    return [{**_said(note.chosen), "top_logprobs": [_said(chance) for chance in note.top]} for note in notes]


def _said(chance: TokenChance) -> dict[str, Any]:
    data = chance.token.encode("utf-8", "replace") if chance.data is None else chance.data
    return {"token": chance.token, "bytes": list(data), "logprob": chance.logprob}
