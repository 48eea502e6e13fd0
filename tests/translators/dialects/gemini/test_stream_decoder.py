"""Gemini streams as events, in either framing."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.recordings import OURS, files
from tests.support.streams import splits, whole
from tests.translators.dialects.gemini.material import FINISH, array, chunk, decode, decode_bytes, events_stream
from translators.conversation import (
    Audio,
    Hosted,
    HostedCall,
    HostedResult,
    Image,
    Refusal,
    Text,
    Thinking,
    ToolCall,
)
from translators.dialects.gemini import DIALECT
from translators.errors import ErrorKind
from translators.events import Event, PartDelta, PartEnd, ReplyEnd, ReplyError, ReplyStart, StopReason, Usage
from translators.notes import Citation, Logprobs, TokenChance, TokenNote

STREAMS = files(OURS / "gemini", "*.sse")


def call(name: str = "f", **more: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, **more}}


def stop_of(*chunks: Any) -> StopReason:
    end = decode(*chunks)[-1]
    assert isinstance(end, ReplyEnd)
    return end.stop


def failure(*pieces: bytes) -> ReplyError:
    error = decode_bytes(*pieces)[-1]
    assert isinstance(error, ReplyError)
    return error


def as_array(stream: bytes) -> bytes:
    frames = stream.replace(b"\r\n", b"\n").split(b"\n\n")
    return array(*(json.loads(frame.removeprefix(b"data: ")) for frame in frames if frame))


@given(st.data())
def test_the_split_of_the_bytes_does_not_matter(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(STREAMS)).read_bytes()
    assert decode_bytes(*data.draw(splits(body))) == decode_bytes(body)


@given(st.data())
def test_the_split_of_an_array_does_not_matter_either(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(STREAMS)).read_bytes()
    written = as_array(body)
    assert decode_bytes(*data.draw(splits(written))) == decode_bytes(written) == decode_bytes(body)


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_bytes_may_come_one_by_one(path: Path) -> None:
    for body in (path.read_bytes(), as_array(path.read_bytes())):
        assert decode_bytes(*(body[at : at + 1] for at in range(len(body)))) == decode_bytes(body)


def test_an_array_is_read_as_it_arrives() -> None:
    decoder = DIALECT.stream_decoder()
    first, rest = array(chunk("One"), chunk(" two", finish="STOP")).split(b",\r\n")
    assert decoder.feed(first)[-1] == PartDelta(0, "One")
    assert decoder.feed(b",\r\n" + rest)[-1] == PartDelta(0, " two")
    assert decoder.close()[-1] == ReplyEnd(StopReason.END_TURN)


def test_braces_and_quotes_inside_strings_are_no_framing() -> None:
    text = 'a } { ] [ , " \\ \\" "} end'
    body = array(chunk(text), chunk(finish="STOP"))
    assert whole(decode_bytes(body)).parts == (Text(text),)
    assert whole(decode_bytes(*(body[at : at + 1] for at in range(len(body))))).parts == (Text(text),)


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\r\n\n", b"\xef\xbb\xbf\n"])
def test_white_space_and_a_byte_order_mark_may_come_first(mark: bytes) -> None:
    for body in (events_stream(chunk("x", finish="STOP")), array(chunk("x", finish="STOP"))):
        assert whole(decode_bytes(*(mark[at : at + 1] for at in range(len(mark))), body)).parts == (Text("x"),)


def test_text_is_one_part_and_thoughts_another() -> None:
    events = decode(
        chunk({"text": "Hm", "thought": True}),
        chunk({"text": ".", "thought": True}, "A"),
        chunk("B"),
        chunk("", finish="STOP"),
    )
    assert whole(events).parts == (Thinking("Hm."), Text("AB"))


def test_a_signature_proves_the_thinking_before_its_part() -> None:
    signed = {"thoughtSignature": "c2ln"}
    assert whole(decode(chunk({"text": "Hm", "thought": True}, {**call(), **signed}), FINISH)).parts == (
        Thinking("Hm", "c2ln", "gemini"),
        ToolCall("", "f", "{}"),
    )
    assert whole(decode(chunk({**call(), **signed}, call("g")), FINISH)).parts == (
        Thinking("", "c2ln", "gemini"),
        ToolCall("", "f", "{}"),
        ToolCall("", "g", "{}"),
    )
    assert whole(decode(chunk("A"), chunk({"text": "", **signed}), FINISH)).parts == (
        Text("A"),
        Thinking("", "c2ln", "gemini"),
    )
    assert whole(decode(chunk({"text": "Hm", "thought": True, **signed}), FINISH)).parts == (
        Thinking("Hm", "c2ln", "gemini"),
    )


def test_code_that_the_vendor_ran_is_a_call_of_its_own_tool() -> None:
    parts = (
        {"executableCode": {"code": "1"}, "thoughtSignature": "c2ln"},
        {"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "no"}},
        {"executableCode": {"id": "x", "code": "2"}},
        {"codeExecutionResult": {"id": "x", "outcome": "OUTCOME_OK"}},
        "done",
    )
    assert whole(decode(chunk(*parts), FINISH)).parts == (
        HostedCall("code_0", Hosted.CODE_EXECUTION, '{"code":"1"}'),
        HostedResult("code_0", Hosted.CODE_EXECUTION, "no", failed=True),
        HostedCall("x", Hosted.CODE_EXECUTION, '{"code":"2"}'),
        HostedResult("x", Hosted.CODE_EXECUTION),
        Text("done"),
    )


def test_pictures_and_sound_are_parts() -> None:
    parts = ({"inlineData": {"mimeType": "image/png", "data": "_-8"}}, {"inlineData": {"mimeType": "audio/wav"}}, "x")
    assert whole(decode(chunk(*parts), FINISH)).parts == (Image("image/png", "/+8="), Audio("", "wav"), Text("x"))


def test_what_only_the_vendor_knows_is_skipped_with_its_signature() -> None:
    parts = (
        {"toolCall": {"toolType": "FILE_SEARCH"}, "thoughtSignature": "c2ln"},
        {"fileData": {"fileUri": "gs://a/b"}},
        {"somethingNew": {"text": 5}},
        "done",
    )
    assert whole(decode(chunk(*parts), FINISH)).parts == (Text("done"),)


def test_sources_are_notes_on_the_text_counted_in_characters() -> None:
    grounding = {
        "webSearchQueries": ["a", "b"],
        "groundingChunks": [
            {"web": {"uri": "https://a.com", "title": "A"}},
            {"retrievedContext": {"title": "B"}},
            {"web": {"uri": "https://c.com"}},
        ],
        "groundingSupports": [
            {"segment": {"endIndex": 6}, "groundingChunkIndices": [0, 9]},
            {"segment": {"startIndex": 7, "endIndex": 13}, "groundingChunkIndices": [1, 0]},
            {"segment": {"startIndex": 7, "endIndex": 999}, "groundingChunkIndices": [0]},
            {"segment": {}},
        ],
    }
    last = chunk("東京", finish="STOP", usageMetadata={"promptTokenCount": 1})
    last["candidates"][0]["groundingMetadata"] = grounding
    events = decode(chunk("日本 "), last)
    [text] = whole(events).parts
    assert text == Text(
        "日本 東京",
        notes=(
            Citation("https://a.com", "A", start=0, end=2),
            Citation("", "B", start=3, end=5),
            Citation("https://a.com", "A", start=3, end=5),
            Citation("https://a.com", "A", start=3, end=5),
            Citation("https://c.com"),
        ),
    )
    assert isinstance(events[-1], ReplyEnd)
    assert events[-1].usage == Usage(1, searches=2)


@pytest.mark.parametrize("grounding", [5, {"groundingChunks": 5}, {"groundingSupports": [5]}, {}, None])
def test_a_reply_does_not_fail_over_what_is_said_about_it(grounding: Any) -> None:
    said = chunk("a", finish="STOP")
    said["candidates"][0] |= {"groundingMetadata": grounding, "logprobsResult": grounding}
    assert whole(decode(said)).parts == (Text("a"),)


def test_chances_of_tokens_are_notes_on_the_text() -> None:
    said = chunk("ab", finish="STOP")
    said["candidates"][0]["logprobsResult"] = {
        "chosenCandidates": [{"token": "a", "logProbability": -0.5}, {"token": "b"}],
        "topCandidates": [{"candidates": [{"token": "c", "logProbability": -1.5}]}],
    }
    [text] = whole(decode(said)).parts
    chosen = TokenNote(TokenChance("a", -0.5), (TokenChance("c", -1.5),))
    assert text == Text("ab", notes=(Logprobs((chosen, TokenNote(TokenChance("b", 0.0)))),))


def test_a_call_keeps_its_id_and_its_arguments() -> None:
    events = decode(chunk(call(id="c1", args={"a": [1, 2.50, "x"]}), call("g", args=None)), FINISH)
    assert whole(events).parts == (ToolCall("c1", "f", '{"a":[1,2.5,"x"]}'), ToolCall("", "g", "{}"))
    assert stop_of(chunk(call()), FINISH) is StopReason.TOOL_USE


def test_a_call_whose_pieces_have_no_end_ends_with_the_reply() -> None:
    begun = chunk({"functionCall": {"name": "f", "willContinue": True}})
    piece = chunk({"functionCall": {"partialArgs": [{"jsonPath": "$.a", "stringValue": "x"}], "willContinue": True}})
    assert whole(decode(begun, piece, FINISH)).parts == (ToolCall("", "f", '{"a":"x"}'),)


@pytest.mark.parametrize("path", [None, "", "a", "$", "$.a[9]", "$[0]", "$..a", "$.a[99999999999]"])
def test_a_piece_that_belongs_nowhere_is_an_error(path: str | None) -> None:
    piece = {"functionCall": {"name": "f", "partialArgs": [{"jsonPath": path, "stringValue": "x"}]}}
    assert "arguments" in failure(events_stream(chunk(piece))).message


@pytest.mark.parametrize(
    ("word", "stop"),
    [
        ("STOP", StopReason.END_TURN),
        ("MAX_TOKENS", StopReason.LENGTH),
        ("SAFETY", StopReason.REFUSAL),
        ("PROHIBITED_CONTENT", StopReason.REFUSAL),
        ("MALFORMED_FUNCTION_CALL", StopReason.END_TURN),
        ("SOMETHING_NEW", StopReason.END_TURN),
    ],
)
def test_the_finish_reason_says_why_it_stopped(word: str, stop: StopReason) -> None:
    assert stop_of(chunk("x", finish=word)) is stop


def test_a_limit_wins_over_a_call() -> None:
    assert stop_of(chunk(call(), finish="MAX_TOKENS")) is StopReason.LENGTH


def test_a_blocked_prompt_is_a_refusal() -> None:
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}}
    events = decode(blocked)
    assert events[-1] == ReplyEnd(StopReason.REFUSAL, Usage(input_tokens=4))
    explained = decode({"promptFeedback": {"blockReason": "OTHER", "blockReasonMessage": "No."}})
    assert whole(explained).parts == (Refusal("No."),)


def test_the_vendors_words_about_a_refusal_are_a_part() -> None:
    refused = chunk("Well")
    refused["candidates"].append({"index": 1, "finishReason": "STOP"})
    end = {"candidates": [{"finishReason": "SAFETY", "finishMessage": "Unsafe."}]}
    assert whole(decode(refused, end)).parts == (Text("Well"), Refusal("Unsafe."))
    fine = {"candidates": [{"finishReason": "STOP", "finishMessage": "Model generated function call(s)."}]}
    assert whole(decode(chunk(call()), fine)).parts == (ToolCall("", "f", "{}"),)


def test_the_counts_are_the_last_of_each_kind() -> None:
    events = decode(
        chunk("a", usageMetadata={"trafficType": "ON_DEMAND"}),
        chunk("b", usageMetadata={"promptTokenCount": 10, "cachedContentTokenCount": 4}),
        chunk(
            "c",
            finish="STOP",
            usageMetadata={"promptTokenCount": 12, "toolUsePromptTokenCount": 5, "thoughtsTokenCount": 7},
        ),
        {"usageMetadata": {"candidatesTokenCount": 3}},
    )
    assert events[0] == ReplyStart("r", "gemini-2.5-flash")
    assert events[-1] == ReplyEnd(StopReason.END_TURN, Usage(17, 4, 0, 10, 7))


def test_no_counts_are_no_usage() -> None:
    assert decode(chunk("a", finish="STOP", usageMetadata={"trafficType": "ON_DEMAND"}))[-1] == ReplyEnd(
        StopReason.END_TURN
    )


def test_of_several_candidates_the_first_is_read() -> None:
    both = chunk("first")
    both["candidates"].append({"index": 1, "content": {"parts": [{"text": "second"}]}, "finishReason": "STOP"})
    assert whole(decode(both, FINISH)).parts == (Text("first"),)
    assert isinstance(decode(both)[-1], ReplyError)


def test_an_error_in_a_chunk_is_the_vendors_own() -> None:
    said = {
        "code": 429,
        "message": "slow down",
        "status": "RESOURCE_EXHAUSTED",
        "details": [{"reason": "RATE_LIMIT_EXCEEDED"}, {"retryDelay": "1.5s"}],
    }
    expected = ReplyError(ErrorKind.RATE_LIMIT, "slow down", 429, "RATE_LIMIT_EXCEEDED", 1.5)
    for body in (events_stream({"error": said}), array({"error": said}), json.dumps({"error": said}).encode()):
        assert decode_bytes(body) == [expected]
    assert decode(chunk("a"), {"error": said}, chunk("b"), FINISH)[-1] == expected


def test_an_error_without_words_is_one_too() -> None:
    assert failure(events_stream({"error": {}})) == ReplyError(
        ErrorKind.SERVER, "the upstream failed without a word", 500
    )
    assert failure(events_stream({"error": "boom"})).message == "boom"
    assert failure(events_stream({"error": {"status": "UNAVAILABLE", "code": "x"}})).status == 503


@pytest.mark.parametrize(
    "body", [b"", b"\n", b": keep-alive\n\n", b"[", b"[]", b"[{", b"data: {}\n\n", b"data: [DONE]\n\n"]
)
def test_a_body_without_a_reply_ended_early(body: bytes) -> None:
    assert decode_bytes(body) == [ReplyError(ErrorKind.SERVER, "the upstream's stream ended early", 502)]


def test_a_stream_without_a_finish_reason_was_cut() -> None:
    for body in (events_stream(chunk("a")), array(chunk("a"))):
        assert failure(body).message == "the upstream's stream ended early"
        assert isinstance(decode_bytes(body[:-8])[-1], ReplyError)
    assert isinstance(decode(chunk("a", finish="FINISH_REASON_UNSPECIFIED"))[-1], ReplyError)


def test_openais_last_word_changes_nothing() -> None:
    body = events_stream(chunk("a", finish="STOP"))
    assert decode_bytes(body + b"data: [DONE]\n\n") == decode_bytes(body)


@pytest.mark.parametrize(
    "body",
    [
        b"data: {\n\n",
        b"data: 5\n\n",
        b'data: {"candidates": 5}\n\n',
        b'data: {"candidates": [{"content": {"parts": [{"text": 5}]}}]}\n\n',
        b'data: {"candidates": [{"content": {"parts": [{"text": "\\ud800"}]}}]}\n\n',
        b"[5]",
        b'["x"]',
        b'[{"candidates": 5}]',
        b"[{}}",
        b"<html>",
        b"\xff\xfe",
    ],
)
def test_what_can_not_be_read_is_one_error(body: bytes) -> None:
    events = decode_bytes(body)
    assert [type(event) for event in events] == [ReplyError]


ODD = st.sampled_from(
    [b"{", b"}", b"[", b"]", b'"', b"\\", b",", b"\n", b"data: ", b"null", b"\xff", b'{"candidates":[{}]}', b"[{}]"]
)


@pytest.mark.parametrize("body", [b'{"candidates":[{}]}}', b'[{"candidates":[{}]}, 1, {}]'])
def test_what_stands_before_the_break_of_an_array_counts_in_any_split(body: bytes) -> None:
    assert [type(event) for event in decode_bytes(body)] == [ReplyStart, ReplyError]
    for cut in range(len(body)):
        assert decode_bytes(body[:cut], body[cut:]) == decode_bytes(body)


@given(st.lists(ODD | st.binary(max_size=4), max_size=12), st.data())
def test_no_bytes_raise_and_each_body_ends_once(parts: list[bytes], data: st.DataObject) -> None:
    events = decode_bytes(*parts)
    ends = [event for event in events if isinstance(event, ReplyEnd | ReplyError)]
    assert ends == events[-1:]
    body = b"".join(parts)
    assert decode_bytes(*data.draw(splits(body))) == decode_bytes(body)


def test_parts_are_ended_before_the_reply() -> None:
    events: list[Event] = decode(chunk("a", finish="STOP"))
    assert isinstance(events[-2], PartEnd)
