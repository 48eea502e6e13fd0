"""What a chat reply says beside its words, both ways: where they come from, and how likely they were."""

from collections.abc import Iterable
from typing import Any

from translators.dialects.openai_chat import wire_reply
from translators.notes import Citation, Logprobs, TokenChance, TokenNote, bytes_of


def citation_of(annotation: wire_reply.Annotation) -> Citation | None:
    """None for annotations of other kinds. Places 0 to 0 say nothing: some vendors know none."""
    said = annotation.url_citation
    if said is None or not said.url:
        return None
    start, end = said.start_index, said.end_index
    placed = start is not None and end is not None and end > start
    return Citation(
        url=said.url,
        title=said.title or "",
        quote=said.content or "",
        start=start if placed else None,
        end=end if placed else None,
    )


def annotations_of(citations: Iterable[Citation], before: int, length: int) -> list[dict[str, Any]]:
    """Those that name a page of the web, for a text of `length` characters behind `before` others."""
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "url": citation.url,
                "title": citation.title,
                "start_index": before + (citation.start or 0),
                "end_index": before + (length if citation.end is None else citation.end),
                **({"content": citation.quote} if citation.quote else {}),
            },
        }
        for citation in citations
        if citation.url
    ]


def logprobs_of(tokens: Iterable[wire_reply.TokenChances]) -> Logprobs:
    return Logprobs(
        tuple(TokenNote(_chance(token), tuple(_chance(one) for one in token.top_logprobs or ())) for token in tokens)
    )


def _chance(token: wire_reply.TokenChances) -> TokenChance:
    """Its bytes are told only where they are not those of its text."""
    data = bytes_of(token.bytes)
    same = data is None or bytes(data) == token.token.encode("utf-8", "replace")
    return TokenChance(token.token, token.logprob, None if same else data)


def logprobs_content(notes: Iterable[Logprobs]) -> list[dict[str, Any]]:
    return [
        {**_said(token.chosen), "top_logprobs": [_said(one) for one in token.top]}
        for note in notes
        for token in note.tokens
    ]


def _said(chance: TokenChance) -> dict[str, Any]:
    data = chance.token.encode("utf-8", "replace") if chance.data is None else chance.data
    return {"token": chance.token, "logprob": chance.logprob, "bytes": list(data)}
