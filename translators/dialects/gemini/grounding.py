"""Where the words of a reply come from, and how likely they were: Google's metadata as notes.

Places are counted in bytes of all the text of the reply. Source: Segment and LogprobsResult of the SDK.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec import Raw, Struct

from translators.jsonio import UNREADABLE
from translators.notes import Citation, Logprobs, TokenChance, TokenNote


class _Page(Struct):
    uri: str | None = None
    title: str | None = None


class _Chunk(Struct, rename="camel"):
    web: _Page | None = None
    retrieved_context: _Page | None = None


class _Segment(Struct, rename="camel"):
    start_index: int | None = None
    end_index: int | None = None


class _Support(Struct, rename="camel"):
    segment: _Segment | None = None
    grounding_chunk_indices: list[int] | None = None


class Metadata(Struct, rename="camel"):
    """groundingMetadata."""

    web_search_queries: list[str] | None = None
    grounding_chunks: list[_Chunk] | None = None
    grounding_supports: list[_Support] | None = None


class _Chosen(Struct, rename="camel"):
    token: str | None = None
    log_probability: float | None = None


class _Top(Struct):
    candidates: list[_Chosen] | None = None


class _Result(Struct, rename="camel"):
    chosen_candidates: list[_Chosen] | None = None
    top_candidates: list[_Top] | None = None


_METADATA: Final = msgspec.json.Decoder(Metadata)
_RESULT: Final = msgspec.json.Decoder(_Result)


def metadata_of(raw: Raw) -> Metadata | None:
    """None where it can't be read: a reply does not fail over a note."""
    try:
        return _METADATA.decode(raw)
    except UNREADABLE:
        return None


def logprobs_of(raw: Raw) -> Logprobs | None:
    """None where there are none."""
    try:
        result = _RESULT.decode(raw)
    except UNREADABLE:
        return None
    chosen, top = result.chosen_candidates or [], result.top_candidates or []
    tokens = [
        TokenNote(_chance(one), tuple(_chance(other) for other in (top[index].candidates or ())))
        if index < len(top)
        else TokenNote(_chance(one))
        for index, one in enumerate(chosen)
    ]
    return Logprobs(tuple(tokens)) if tokens else None


def citations_of(metadata: Metadata, before: Iterable[str], text: str) -> Iterator[Citation]:
    """Of the part `text`; `before`: the text of the parts before it. Sources that support no words are told too."""
    pages = [_page(chunk) for chunk in metadata.grounding_chunks or ()]
    offset = sum(len(piece.encode("utf-8", "surrogatepass")) for piece in before)
    told: set[int] = set()
    supports = [
        (start - offset, end - offset, index)
        for support in metadata.grounding_supports or ()
        if (segment := support.segment) is not None
        and (end := segment.end_index) is not None
        and (start := segment.start_index or 0) >= offset
        for index in support.grounding_chunk_indices or ()
        if 0 <= index < len(pages)
    ]
    places = _characters(text, {place for start, end, _ in supports for place in (start, end)})
    for start, end, index in supports:
        told.add(index)
        page = pages[index]
        yield Citation(page.uri or "", page.title or "", start=places[start], end=places[end])
    for index, page in enumerate(pages):
        if index not in told and (page.uri or page.title):
            yield Citation(page.uri or "", page.title or "")


def _page(chunk: _Chunk) -> _Page:
    return chunk.web or chunk.retrieved_context or _Page()


def _characters(text: str, places: set[int]) -> dict[int, int]:
    """Places in bytes -> in characters, in one walk."""
    data = text.encode("utf-8", "surrogatepass")
    found: dict[int, int] = {}
    at = count = 0
    for place in sorted(places):
        count += len(data[at:place].decode("utf-8", "ignore"))
        at = max(at, min(place, len(data)))
        found[place] = count
    return found


def _chance(chosen: _Chosen) -> TokenChance:
    return TokenChance(chosen.token or "", chosen.log_probability or 0.0)
