"""A whole reply is cut where the citations of another vendor begin and end: Anthropic's mean all of their block."""

import json
from typing import Any

import pytest
from anthropic.types import Message
from hypothesis import given
from hypothesis import strategies as st

from translators import translate_reply
from translators.conversation import Reply, Text
from translators.dialect import Context
from translators.dialects.anthropic import DIALECT
from translators.dialects.anthropic.citations import pieces_of
from translators.events import StopReason
from translators.notes import Citation


def cited(name: str, start: int | None = None, end: int | None = None) -> Citation:
    return Citation(f"https://{name}.org", start=start, end=end)


def blocks(body: bytes) -> list[tuple[str, list[str]]]:
    """Each block's text, and the names of what it cites."""
    content: list[dict[str, Any]] = json.loads(body)["content"]
    Message.model_validate(json.loads(body), strict=True)
    return [
        (block["text"], [one["url"].split("/")[2].removesuffix(".org") for one in block.get("citations", ())])
        for block in content
    ]


def shown(text: str, *notes: Citation) -> list[tuple[str, list[str]]]:
    reply = Reply("msg_1", "m", (Text(text, notes=notes),), StopReason.END_TURN)
    return blocks(DIALECT.encode_reply(reply, Context()))


@pytest.mark.parametrize(
    ("text", "notes", "said"),
    [
        ("one two three", [cited("a", 4, 7)], [("one ", []), ("two", ["a"]), (" three", [])]),
        ("one two", [cited("a", 0, 3), cited("b", 4, 7)], [("one ", ["a"]), ("two", ["b"])]),
        ("one two", [cited("b", 4, 7), cited("a", 0, 3)], [("one ", ["a"]), ("two", ["b"])]),
        ("one two", [cited("a", 0, 3), cited("b", 0, 3)], [("one", ["a", "b"]), (" two", [])]),
        ("one two", [cited("a", 0, 5), cited("b", 2, 7)], [("one two", ["a", "b"])]),
        ("one two", [cited("a", 0, 7), cited("b", 2, 3)], [("one two", ["a", "b"])]),
        ("\n\none\n\n", [cited("a", 2, 5)], [("\n\none\n\n", ["a"])]),
        ("one two", [cited("a", 3, 99)], [("one", []), (" two", ["a"])]),
        ("one two", [cited("a")], [("one two", ["a"])]),
        ("one two", [cited("all"), cited("a", 0, 3)], [("one", ["a"]), (" two", ["all"])]),
        ("one two", [cited("a", 3, 4)], [("one two", ["a"])]),
        ("one two", [cited("a", 5, 5)], [("one two", ["a"])]),
        ("one two", [cited("a", 99, 120)], [("one two", ["a"])]),
        ("one two", [cited("a", 5, 2)], [("one two", ["a"])]),
        ("one two", [cited("a", -3, 3)], [("one two", ["a"])]),
        ("one two", [cited("a", None, 3)], [("one", ["a"]), (" two", [])]),
        ("one two", [cited("a", 4)], [("one ", []), ("two", ["a"])]),
        ("日本語です", [cited("a", 2, 3)], [("日本", []), ("語", ["a"]), ("です", [])]),
        (" ", [cited("a", 0, 1)], [(" ", ["a"])]),
    ],
)
def test_each_block_holds_the_citations_of_its_own_words(
    text: str, notes: list[Citation], said: list[tuple[str, list[str]]]
) -> None:
    assert shown(text, *notes) == said


PLACES = st.none() | st.integers(-2, 14)


@given(
    st.text(st.sampled_from("ab \n日"), min_size=1, max_size=12),
    st.lists(st.builds(Citation, st.sampled_from(["https://a.org", "https://b.org"]), start=PLACES, end=PLACES)),
)
def test_no_word_and_no_citation_is_lost_or_told_twice(text: str, notes: list[Citation]) -> None:
    pieces = pieces_of(text, notes)
    assert "".join(text[piece.start : piece.end] for piece in pieces) == text
    assert sum(len(piece.locations) for piece in pieces) == len(notes)
    assert all(text[piece.start : piece.end].strip() for piece in pieces) or not text.strip()


WORDS = "Größe: 日本 ist da. Und mehr."
PAGES = [{"web": {"uri": "https://a.org/", "title": "A"}}, {"web": {"uri": "https://b.org/"}}]


def test_ranges_that_google_counts_in_bytes_cut_between_letters() -> None:
    start, end = len("Größe: ".encode()), len("Größe: 日本 ist da.".encode())
    supports = [{"segment": {"startIndex": start, "endIndex": end}, "groundingChunkIndices": [0, 1]}]
    candidate = {
        "content": {"role": "model", "parts": [{"text": WORDS}]},
        "finishReason": "STOP",
        "groundingMetadata": {"groundingChunks": PAGES, "groundingSupports": supports},
    }
    body = json.dumps({"candidates": [candidate]}).encode()
    assert blocks(translate_reply(body, "gemini", "anthropic")) == [
        ("Größe: ", []),
        ("日本 ist da.", ["a", "b"]),
        (" Und mehr.", []),
    ]


@pytest.mark.parametrize("upstream", ["openai_chat", "openai_responses"])
def test_ranges_that_openai_counts_in_characters_cut_there(upstream: str) -> None:
    page = {"url": "https://a.org/", "title": "A", "start_index": 7, "end_index": 17}
    if upstream == "openai_chat":
        message = {"content": WORDS, "annotations": [{"type": "url_citation", "url_citation": page}]}
        reply: dict[str, Any] = {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
    else:
        said = {"type": "output_text", "text": WORDS, "annotations": [{"type": "url_citation", **page}]}
        item = {"type": "message", "role": "assistant", "content": [said]}
        reply = {"id": "resp_1", "status": "completed", "output": [item]}
    assert blocks(translate_reply(json.dumps(reply).encode(), upstream, "anthropic")) == [
        ("Größe: ", []),
        ("日本 ist da.", ["a"]),
        (" Und mehr.", []),
    ]


@pytest.mark.parametrize("there", ["openai_chat", "gemini"])
def test_blocks_with_their_citations_go_to_another_dialect_and_back(there: str) -> None:
    page = {
        "type": "web_search_result_location",
        "url": "https://a.org",
        "title": "A",
        "cited_text": "",
        "encrypted_index": "",
    }
    content = [
        {"type": "text", "text": "日本 "},
        {"type": "text", "text": "is there.", "citations": [page]},
        {"type": "text", "text": " And more."},
    ]
    body = json.dumps({"id": "msg_1", "content": content, "stop_reason": "end_turn"}).encode()
    back = translate_reply(translate_reply(body, "anthropic", there), there, "anthropic")
    assert json.loads(back)["content"] == content
