"""Where words come from: Anthropic's locations <-> neutral citations.

Anthropic's stand on a block of text and mean all of it: a whole reply is cut into such blocks. Places within a document
are told by pages only: characters and blocks of a document mean nothing to another vendor.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from translators.jsonio import UNREADABLE
from translators.notes import Citation, Note


class Location(Struct, omit_defaults=True, gc=False):
    """All kinds of it, told apart by `type`. `end_page_number` is the first page behind the words."""

    type: str = ""
    cited_text: str | None = None
    url: str | None = None
    title: str | None = None
    source: str | None = None
    document_index: int | None = None
    document_title: str | None = None
    file_id: str | None = None
    start_page_number: int | None = None
    end_page_number: int | None = None
    encrypted_index: str | None = None
    search_result_index: int | None = None
    start_char_index: int | None = None
    end_char_index: int | None = None
    start_block_index: int | None = None
    end_block_index: int | None = None


_WORDS: Final = re.compile(r"\S")
_LOCATION: Final = msgspec.json.Decoder(Location)
_LOCATIONS: Final = msgspec.json.Decoder(list[Raw] | None)


def citation_of(location: Location) -> Citation:
    """What it tells of the source."""
    source = location.source or ""
    start, end = location.start_page_number, location.end_page_number
    return Citation(
        url=location.url or (source if source.startswith(("https://", "http://")) else ""),
        title=location.title or location.document_title or source,
        quote=location.cited_text or "",
        file_id=location.file_id or "",
        document=location.document_index,
        pages=None if start is None or end is None else (start, max(start, end - 1)),
    )


def read_citation(raw: Raw) -> Citation | None:
    """Of a vendor's reply; None for what is none."""
    try:
        citation = citation_of(_LOCATION.decode(raw))
    except UNREADABLE:
        return None
    return None if citation == Citation() else citation


def read_citations(raw: Raw) -> tuple[Citation, ...]:
    """Of a whole block of a vendor's reply."""
    try:
        given = _LOCATIONS.decode(raw or b"null") or ()
    except UNREADABLE:
        return ()
    return tuple(citation for one in given if (citation := read_citation(one)) is not None)


class Piece(Struct, gc=False):
    """Words that some citations cover, or none."""

    start: int
    end: int
    locations: list[dict[str, Any]]


def pieces_of(text: str, notes: Iterable[Note]) -> list[Piece]:
    """A text cut so that each piece has the citations of its own words, less what Anthropic has no words for.

    Ranges that overlap make one piece. What covers no words in particular stands at the end. White space stays with
    words: a block of nothing else could not be sent back.
    """
    placed: list[Piece] = []
    rest: list[dict[str, Any]] = []
    for note in notes:
        if not isinstance(note, Citation) or (location := location_of(note)) is None:
            continue
        start, end = note.start or 0, len(text) if note.end is None else min(note.end, len(text))
        told = note.start is not None or note.end is not None
        if told and start >= 0 and _WORDS.search(text, start, end):
            placed.append(Piece(start, end, [location]))
        else:
            rest.append(location)
    pieces = _parted(text, sorted(placed, key=lambda piece: piece.start))
    pieces[-1].locations += rest
    return pieces


def _parted(text: str, placed: Iterable[Piece]) -> list[Piece]:
    """All of the text, with the words between as pieces of their own."""
    pieces: list[Piece] = []
    for piece in (*placed, Piece(len(text), len(text), [])):
        before = pieces[-1].end if pieces else 0
        if pieces and piece.start < before:
            pieces[-1].end = max(before, piece.end)
            pieces[-1].locations += piece.locations
            continue
        if _WORDS.search(text, before, piece.start):
            pieces.append(Piece(before, piece.start, []))
        elif pieces:
            pieces[-1].end = piece.start
        else:
            piece.start = 0
        if piece.start < piece.end or not pieces:
            pieces.append(piece)
    return pieces


def location_of(citation: Citation) -> dict[str, Any] | None:
    """None where Anthropic has no words for the place. `encrypted_index` is another vendor's, and so is empty."""
    if citation.url:
        return {
            "type": "web_search_result_location",
            "cited_text": citation.quote,
            "url": citation.url,
            "title": citation.title or None,
            "encrypted_index": "",
        }
    if citation.document is None or citation.pages is None:
        return None
    return {
        "type": "page_location",
        "cited_text": citation.quote,
        "document_index": citation.document,
        "document_title": citation.title or None,
        "file_id": citation.file_id or None,
        "start_page_number": citation.pages[0],
        "end_page_number": citation.pages[1] + 1,
    }
