"""Neutral events as chunks of a generateContent stream, and as a whole reply."""

import json
from typing import Any

import pytest
from google.genai import types

from tests.conformance.said import data_of
from translators.assemble import Assembler
from translators.dialect import Context
from translators.dialects.gemini import DIALECT
from translators.errors import ErrorKind
from translators.events import (
    Event,
    PartDelta,
    PartEnd,
    PartKind,
    PartNote,
    PartStart,
    ReplyEnd,
    ReplyError,
    ReplyStart,
    StopReason,
    Usage,
)
from translators.notes import Citation, Logprobs, TokenChance, TokenNote

CONTEXT = Context(model="asked", names={"up": "down"}, reply_id="made")
START = ReplyStart("r1", "real")
END = ReplyEnd(StopReason.END_TURN)


def frames(*events: Event, context: Context = CONTEXT) -> list[Any]:
    """Each chunk, read by the SDK's type too."""
    encoder = DIALECT.stream_encoder(context)
    body = b"".join(encoder.feed(event) for event in events)
    said = list(data_of(body))
    for chunk in said:
        if "error" not in chunk:
            types.GenerateContentResponse.model_validate(chunk)
    return said


def whole(*events: Event, context: Context = CONTEXT) -> Any:
    """The same in one piece."""
    assembler = Assembler("gemini")
    for event in events:
        assembler.take(event)
    reply = json.loads(DIALECT.encode_reply(assembler.reply(), context))
    types.GenerateContentResponse.model_validate(reply)
    return reply


def part(kind: PartKind, *texts: str, number: int = 0, end: PartEnd | None = None, **start: Any) -> list[Event]:
    deltas: list[Event] = [PartDelta(number, text) for text in texts]
    return [PartStart(number, kind, **start), *deltas, end or PartEnd(number)]


def streamed_parts(*events: Event) -> list[Any]:
    return [one for chunk in frames(*events) for one in chunk["candidates"][0]["content"]["parts"]]


def whole_parts(*events: Event) -> list[Any]:
    parts: list[Any] = whole(*events)["candidates"][0]["content"]["parts"]
    return parts


def test_words_go_out_as_they_come_and_the_last_chunk_says_why_it_ends() -> None:
    usage = Usage(10, 4, 0, 8, 3)
    first, second, last = frames(START, *part(PartKind.TEXT, "one", " two"), ReplyEnd(StopReason.LENGTH, usage))
    named = {"modelVersion": "asked", "responseId": "r1"}
    assert first == {
        "candidates": [{"content": {"parts": [{"text": "one"}], "role": "model"}, "index": 0}],
        **named,
    }
    assert second["candidates"][0]["content"]["parts"] == [{"text": " two"}]
    assert last == {
        "candidates": [
            {"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": "MAX_TOKENS", "index": 0}
        ],
        "usageMetadata": {
            "promptTokenCount": 10,
            "candidatesTokenCount": 5,
            "totalTokenCount": 18,
            "cachedContentTokenCount": 4,
            "thoughtsTokenCount": 3,
        },
        **named,
    }


def test_frames_are_data_alone() -> None:
    encoder = DIALECT.stream_encoder(CONTEXT)
    body = b"".join(encoder.feed(event) for event in (START, *part(PartKind.TEXT, "a\nb"), END))
    assert all(frame.startswith(b"data: {") for frame in body.split(b"\r\n\r\n")[:-1])
    assert body.endswith(b"}\r\n\r\n")


def test_a_call_goes_out_whole_by_the_clients_name() -> None:
    events = [START, *part(PartKind.TOOL_CALL, '{"a":', " 1}", id="c1", name="up"), END]
    expected = {"functionCall": {"id": "c1", "name": "down", "args": {"a": 1}}}
    assert streamed_parts(*events)[0] == whole_parts(*events)[0] == expected
    silent = [START, *part(PartKind.TOOL_CALL, name="f"), END]
    made = {"functionCall": {"id": "call_made1", "name": "f", "args": {}}}
    assert streamed_parts(*silent)[0] == whole_parts(*silent)[0] == made


@pytest.mark.parametrize(
    ("stop", "word"), [(StopReason.TOOL_USE, "MALFORMED_FUNCTION_CALL"), (StopReason.LENGTH, "MAX_TOKENS")]
)
def test_half_a_call_is_left_out_and_the_end_says_so(stop: StopReason, word: str) -> None:
    events = [START, *part(PartKind.TOOL_CALL, '{"a":', id="c1", name="f"), ReplyEnd(stop)]
    assert streamed_parts(*events) == [{"text": ""}]
    assert whole_parts(*events) == []
    assert frames(*events)[-1]["candidates"][0]["finishReason"] == word
    assert whole(*events)["candidates"][0]["finishReason"] == word


def test_thoughts_are_marked_and_keep_their_own_signature_only() -> None:
    own = PartEnd(0, "c2ln", "gemini")
    call = part(PartKind.TOOL_CALL, "{}", number=1, id="c", name="f")
    events = [START, *part(PartKind.THINKING, "hm", end=own), *call, END]
    signed = {"functionCall": {"id": "c", "name": "f", "args": {}}, "thoughtSignature": "c2ln"}
    assert streamed_parts(*events)[:2] == whole_parts(*events) == [{"text": "hm", "thought": True}, signed]
    foreign = [START, *part(PartKind.THINKING, "hm", end=PartEnd(0, "sig", "anthropic")), *call, END]
    assert "thoughtSignature" not in json.dumps(frames(*foreign)) + json.dumps(whole(*foreign))


def test_a_signature_stands_beside_what_follows_it() -> None:
    thinking = part(PartKind.THINKING, end=PartEnd(0, "c2ln", "gemini"))
    text = part(PartKind.TEXT, "a", "b", number=1)
    assert streamed_parts(START, *thinking, *text, END)[:2] == [
        {"text": "a", "thoughtSignature": "c2ln"},
        {"text": "b"},
    ]
    assert streamed_parts(START, *thinking, END) == [{"text": "", "thoughtSignature": "c2ln"}]
    assert whole_parts(START, *thinking, END) == [{"text": "", "thoughtSignature": "c2ln"}]
    again = part(PartKind.THINKING, "hm", number=1, end=PartEnd(1, "c2lo", "gemini"))
    expected = [
        {"text": "", "thoughtSignature": "c2ln"},
        {"text": "hm", "thought": True},
        {"text": "", "thoughtSignature": "c2lo"},
    ]
    assert streamed_parts(START, *thinking, *again, END) == whole_parts(START, *thinking, *again, END) == expected


def test_redacted_thinking_of_others_is_not_shown() -> None:
    events = [START, *part(PartKind.THINKING, "x", redacted=True, end=PartEnd(0, "data", "anthropic")), END]
    assert streamed_parts(*events) == [{"text": ""}]
    assert whole_parts(*events) == []


@pytest.mark.parametrize(
    ("stop", "word"),
    [
        (StopReason.END_TURN, "STOP"),
        (StopReason.STOP_SEQUENCE, "STOP"),
        (StopReason.TOOL_USE, "STOP"),
        (StopReason.PAUSE, "STOP"),
        (StopReason.LENGTH, "MAX_TOKENS"),
        (StopReason.REFUSAL, "SAFETY"),
    ],
)
def test_every_stop_has_a_word(stop: StopReason, word: str) -> None:
    [last] = frames(START, ReplyEnd(stop))
    assert last["candidates"][0]["finishReason"] == word
    assert whole(START, ReplyEnd(stop))["candidates"][0]["finishReason"] == word


def test_words_of_refusal_are_shown_and_the_end_says_so() -> None:
    events = [START, *part(PartKind.REFUSAL, "I won't."), END]
    assert streamed_parts(*events)[0] == {"text": "I won't."}
    assert frames(*events)[-1]["candidates"][0]["finishReason"] == "SAFETY"
    assert whole(*events)["candidates"][0]["finishReason"] == "SAFETY"


def test_media_and_what_the_vendor_ran_are_parts() -> None:
    events = [
        START,
        *part(PartKind.MEDIA, "aG", "k=", media_type="image/png"),
        *part(PartKind.HOSTED_CALL, '{"code":"1+1"}', number=1, id="x", name="code_execution"),
        *part(PartKind.HOSTED_RESULT, "2", number=2, id="x", name="code_execution"),
        END,
    ]
    expected = [
        {"inlineData": {"mimeType": "image/png", "data": "aGk="}},
        {"executableCode": {"language": "PYTHON", "code": "1+1"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2"}},
    ]
    assert streamed_parts(*events)[:3] == whole_parts(*events) == expected


def test_sources_are_grounding_counted_in_bytes_of_all_the_text() -> None:
    page, other = Citation("https://a.com", "A", start=3, end=5), Citation("https://b.com")
    events: list[Event] = [
        START,
        *part(PartKind.HOSTED_CALL, '{"query":"sky"}', number=0, id="s", name="web_search"),
        *part(PartKind.TEXT, "ünï ", number=1),
        PartStart(2, PartKind.TEXT),
        PartDelta(2, "日本 東京"),
        PartNote(2, page),
        PartNote(2, other),
        PartEnd(2),
        END,
    ]
    expected = {
        "webSearchQueries": ["sky"],
        "groundingChunks": [{"web": {"uri": "https://a.com", "title": "A"}}, {"web": {"uri": "https://b.com"}}],
        "groundingSupports": [
            {"segment": {"startIndex": 13, "endIndex": 19, "text": "東京"}, "groundingChunkIndices": [0]},
            {"segment": {"startIndex": 6, "endIndex": 19, "text": "日本 東京"}, "groundingChunkIndices": [1]},
        ],
    }
    assert frames(*events)[-1]["candidates"][0]["groundingMetadata"] == expected
    assert whole(*events)["candidates"][0]["groundingMetadata"] == expected


def test_chances_of_tokens_are_the_logprobs_result() -> None:
    chosen = TokenNote(TokenChance("a", -0.1), (TokenChance("a", -0.1), TokenChance("b", -2.0)))
    events: list[Event] = [
        START,
        PartStart(0, PartKind.TEXT),
        PartDelta(0, "a"),
        PartNote(0, Logprobs((chosen,))),
        PartEnd(0),
        END,
    ]
    top = [{"token": "a", "logProbability": -0.1}, {"token": "b", "logProbability": -2.0}]
    expected = {"chosenCandidates": top[:1], "topCandidates": [{"candidates": top}]}
    assert frames(*events)[-1]["candidates"][0]["logprobsResult"] == expected
    assert whole(*events)["candidates"][0]["logprobsResult"] == expected


def test_an_error_is_a_chunk_of_its_own() -> None:
    first, last = frames(START, *part(PartKind.TEXT, "a"), ReplyError(ErrorKind.OVERLOADED, "busy", 503, None, 2.0))
    assert first["candidates"]
    assert (last["error"]["code"], last["error"]["message"]) == (503, "busy")
    assert "retryDelay" in json.dumps(last)


def test_a_reply_without_an_id_or_counts_is_whole_too() -> None:
    [last] = frames(ReplyStart("", "real"), END, context=Context(reply_id="made"))
    assert (last["responseId"], last["modelVersion"]) == ("made", "real")
    assert "usageMetadata" not in last
    [counted] = frames(ReplyStart("", "real", Usage(5)), END)
    assert counted["usageMetadata"]["promptTokenCount"] == 5
