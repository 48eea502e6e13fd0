"""A text that goes on: the short way reads it as the long way does."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.streams import splits
from tests.translators.dialects.gemini.material import FINISH, chunk, decode_bytes, events_stream
from translators.dialects.gemini import DIALECT, stream_decoder
from translators.events import Event, PartDelta

SUPPORT = {"segment": {"startIndex": 5, "endIndex": 9, "text": "more"}, "groundingChunkIndices": [0]}
GROUNDING = {"groundingChunks": [{"web": {"uri": "https://a.example", "title": "A"}}], "groundingSupports": [SUPPORT]}
CHANCES = {"chosenCandidates": [{"token": "a", "logProbability": -0.5}]}


def candidate(*parts: Any, **more: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": parts}, **more}]}


WORDS = {"text": "a"}
CHUNKS: list[dict[str, Any]] = [
    chunk("more"),
    chunk("more", usageMetadata={"promptTokenCount": 3}),
    chunk("more", usageMetadata={"candidatesTokenCount": 4}),
    chunk(""),
    chunk("a", "b"),
    candidate(WORDS, index=1),
    candidate(WORDS, index=None, safetyRatings=[], groundingMetadata=None, logprobsResult=None),
    candidate(WORDS, finishReason="FINISH_REASON_UNSPECIFIED"),
    candidate(WORDS, finishReason="MAX_TOKENS"),
    candidate(WORDS, groundingMetadata=GROUNDING),
    candidate(WORDS, logprobsResult=CHANCES),
    candidate({**WORDS, "thought": True}),
    candidate({**WORDS, "thought": False}),
    candidate({**WORDS, "thoughtSignature": "s"}),
    candidate({**WORDS, "functionCall": {"name": "f", "args": {}}}),
    candidate({**WORDS, "functionCall": None, "inlineData": {"mimeType": "image/png", "data": "aaaa"}}),
    candidate({"text": None}),
    candidate({"functionCall": {"name": "f", "args": {}}}),
    candidate(),
    {"candidates": []},
    {"candidates": [*candidate(WORDS)["candidates"], *candidate({"text": "b"})["candidates"]]},
    {**candidate(WORDS), "promptFeedback": {"blockReason": "SAFETY"}},
    {**candidate(WORDS), "promptFeedback": None, "error": None, "createTime": "now"},
    {**candidate(WORDS), "error": {"code": 500, "message": "broken"}},
    {**candidate(WORDS), "modelVersion": 5},
    {**candidate(WORDS), "responseId": 5},
    candidate({"text": 5}),
]


def the_long_way(body: bytes) -> list[Event]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream_decoder, "WORDS", msgspec.json.Decoder(None))
        return decode_bytes(body)


@pytest.mark.parametrize("said", CHUNKS, ids=str)
def test_what_comes_behind_words_is_read_the_same_either_way(said: dict[str, Any]) -> None:
    body = events_stream(
        chunk("begun"), chunk("more"), said, chunk("more"), candidate(WORDS, groundingMetadata=GROUNDING)
    )
    assert decode_bytes(body) == the_long_way(body)
    body += events_stream(FINISH)
    assert decode_bytes(body) == the_long_way(body)


@given(st.lists(st.just(chunk("more")) | st.sampled_from(CHUNKS), max_size=8), st.data())
def test_any_chunks_are_read_the_same_either_way(said: list[Any], data: st.DataObject) -> None:
    body = events_stream(*said, FINISH)
    assert decode_bytes(*data.draw(splits(body))) == the_long_way(body)


def test_a_text_that_goes_on_is_read_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = DIALECT.stream_decoder()
    decoder.feed(events_stream(chunk("a"), chunk("b")))
    monkeypatch.setattr(stream_decoder, "CHUNK", None)
    assert decoder.feed(events_stream(chunk("c"), chunk("d"))) == [PartDelta(0, "c"), PartDelta(0, "d")]


def test_a_text_that_came_with_something_else_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = DIALECT.stream_decoder()
    decoder.feed(events_stream(chunk("a"), candidate(WORDS, logprobsResult=CHANCES)))
    monkeypatch.setattr(stream_decoder, "WORDS", None)
    assert decoder.feed(events_stream(chunk("c"))) == [PartDelta(0, "c")]
