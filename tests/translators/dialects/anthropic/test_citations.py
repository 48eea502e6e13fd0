"""Where words come from, in requests, replies and streams."""

import json
from typing import Any

import pytest

from tests.support.streams import whole
from tests.translators.dialects.anthropic.material import decode, encode
from translators.assemble import events_of
from translators.conversation import Audio, File, Image, Reply, Text
from translators.dialect import Context, Target
from translators.dialects.anthropic import DIALECT
from translators.events import (
    Event,
    PartDelta,
    PartEnd,
    PartKind,
    PartNote,
    PartStart,
    ReplyEnd,
    ReplyStart,
    StopReason,
)
from translators.notes import Citation, Logprobs, TokenChance, TokenNote

PAGE = {
    "type": "web_search_result_location",
    "cited_text": "the page's words",
    "url": "https://example.com/a",
    "title": "A page",
    "encrypted_index": "aW5kZXg=",
}
LOCATIONS: list[tuple[dict[str, Any], Citation]] = [
    (PAGE, Citation("https://example.com/a", "A page", "the page's words")),
    (
        {
            "type": "page_location",
            "cited_text": "q",
            "document_index": 1,
            "document_title": "D",
            "start_page_number": 2,
            "end_page_number": 4,
        },
        Citation(title="D", quote="q", document=1, pages=(2, 3)),
    ),
    (
        {
            "type": "char_location",
            "cited_text": "q",
            "document_index": 0,
            "document_title": None,
            "file_id": "file_1",
            "start_char_index": 3,
            "end_char_index": 4,
        },
        Citation(quote="q", file_id="file_1", document=0),
    ),
    (
        {
            "type": "content_block_location",
            "cited_text": "q",
            "document_index": 0,
            "document_title": "D",
            "start_block_index": 0,
            "end_block_index": 1,
        },
        Citation(title="D", quote="q", document=0),
    ),
    (
        {
            "type": "search_result_location",
            "cited_text": "q",
            "source": "https://example.com/s",
            "title": None,
            "search_result_index": 0,
            "start_block_index": 0,
            "end_block_index": 1,
        },
        Citation("https://example.com/s", "https://example.com/s", "q"),
    ),
]

each_location = pytest.mark.parametrize(
    ("location", "citation"), LOCATIONS, ids=[location["type"] for location, _ in LOCATIONS]
)


@each_location
def test_a_location_is_a_citation_in_a_history(location: dict[str, Any], citation: Citation) -> None:
    block = {"type": "text", "text": "words", "citations": [location]}
    body = {"model": "m", "max_tokens": 1, "messages": [{"role": "assistant", "content": [block]}]}
    asked = DIALECT.decode_request(json.dumps(body).encode())
    assert asked.messages[0].parts == (Text("words", notes=(citation,)),)
    encoded = DIALECT.encode_request(asked, Target("claude-sonnet-4-5", genuine=True))
    assert [loss.path for loss in encoded.losses if "notes" in loss.path] == ["$.messages[0].content[0].notes"]


@each_location
def test_a_location_is_a_citation_in_a_reply(location: dict[str, Any], citation: Citation) -> None:
    block = {"type": "text", "text": "words", "citations": [location]}
    reply = DIALECT.decode_reply(json.dumps({"content": [block], "stop_reason": "end_turn"}).encode())
    assert reply.parts == (Text("words", notes=(citation,)),)


@each_location
def test_a_location_is_a_note_in_a_stream(location: dict[str, Any], citation: Citation) -> None:
    delta: dict[str, Any] = {"type": "citations_delta", "citation": location}
    events = decode(stream({"type": "text_delta", "text": "words"}, delta))
    assert PartNote(0, citation) in events
    assert whole(events).parts == (Text("words", notes=(citation,)),)


def stream(*deltas: dict[str, Any]) -> bytes:
    frames: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": "msg_1", "model": "m"}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "", "citations": []}},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_stop"},
    ]
    return "".join(f"event: {frame['type']}\ndata: {json.dumps(frame)}\n\n" for frame in frames).encode()


@pytest.mark.parametrize("odd", [{}, {"type": "of_next_year"}, {"url": 5}, [], None, "x"])
def test_a_citation_that_nobody_understands_costs_nothing(odd: Any) -> None:
    text = {"type": "text_delta", "text": "words"}
    assert whole(decode(stream(text, {"type": "citations_delta", "citation": odd}))).parts == (Text("words"),)
    block = {"type": "text", "text": "words", "citations": [odd]}
    body = json.dumps({"content": [block], "stop_reason": "end_turn"}).encode()
    assert DIALECT.decode_reply(body).parts == (Text("words"),)


SAYABLE = (Citation("https://example.com/a", "A page", "q", start=0, end=5), Citation(document=1, pages=(2, 3)))
UNSAYABLE = (
    Citation(file_id="file-9", title="of another vendor"),
    Logprobs((TokenNote(TokenChance("a", -1.0)),)),
)


def test_what_another_vendor_cites_is_said_in_our_words_streamed_and_whole() -> None:
    reply = Reply("msg_1", "m", (Text("words", notes=(*SAYABLE, *UNSAYABLE)),), StopReason.END_TURN)
    said = json.loads(DIALECT.encode_reply(reply, Context()))["content"]
    assert said == [
        {
            "type": "text",
            "text": "words",
            "citations": [
                {
                    "type": "web_search_result_location",
                    "cited_text": "q",
                    "url": "https://example.com/a",
                    "title": "A page",
                    "encrypted_index": "",
                },
                {
                    "type": "page_location",
                    "cited_text": "",
                    "document_index": 1,
                    "document_title": None,
                    "file_id": None,
                    "start_page_number": 2,
                    "end_page_number": 4,
                },
            ],
        }
    ]
    assert whole(decode(encode(events_of(reply)))) == DIALECT.decode_reply(DIALECT.encode_reply(reply, Context()))


def test_citations_that_come_before_the_words_wait_for_them() -> None:
    note = PartNote(0, SAYABLE[0])
    events: list[Event] = [
        ReplyStart("msg_1", "m"),
        PartStart(0, PartKind.TEXT),
        note,
        PartDelta(0, "words"),
        PartEnd(0),
        PartStart(1, PartKind.TEXT),
        PartNote(1, SAYABLE[0]),
        PartEnd(1),
        ReplyEnd(StopReason.END_TURN),
    ]
    heard = whole(decode(encode(events)))
    assert heard.parts == (Text("words", notes=(Citation("https://example.com/a", "A page", "q"),)),)


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        (Image("image/png", "QQ=="), "image/png"),
        (Audio("QQ==", "wav"), "audio/wav"),
        (File("application/pdf", "QQ=="), "application/pdf"),
    ],
)
def test_words_stand_for_what_anthropic_can_not_show(part: Image | Audio | File, kind: str) -> None:
    reply = Reply("msg_1", "m", (Text("Here:"), part, Text("Done.")), StopReason.END_TURN)
    streamed = whole(decode(encode(events_of(reply))))
    assert streamed == DIALECT.decode_reply(DIALECT.encode_reply(reply, Context()))
    here, words, done = streamed.parts
    assert (here, done) == (Text("Here:"), Text("Done."))
    assert isinstance(words, Text)
    assert kind in words.text


def test_counts_of_searches_and_of_the_hour_long_cache_come_back() -> None:
    usage = {
        "input_tokens": 1,
        "cache_creation_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
        "output_tokens": 2,
        "server_tool_use": {"web_search_requests": 3, "web_fetch_requests": 0},
    }
    body = {"id": "msg_1", "model": "m", "content": [], "stop_reason": "end_turn", "usage": usage}
    reply = DIALECT.decode_reply(json.dumps(body).encode())
    assert reply.usage is not None
    assert (reply.usage.cache_write_tokens, reply.usage.cache_write_1h_tokens, reply.usage.searches) == (30, 20, 3)
    said = json.loads(DIALECT.encode_reply(reply, Context()))["usage"]
    assert {key: said[key] for key in usage} == usage
