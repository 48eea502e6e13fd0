"""A vendor's stream becomes neutral events, whatever happens to it."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.recordings import WIRE, files
from tests.support.streams import splits, whole
from tests.translators.dialects.anthropic.material import DONE, END, HI, START, STOP, TEXT, decode, frames, recorded
from translators.conversation import Refusal, Text, Thinking, ToolCall
from translators.errors import ErrorKind
from translators.events import PartDelta, PartEnd, PartKind, PartStart, ReplyEnd, ReplyError, StopReason, Usage
from translators.sse import MAX_FRAME_BYTES

SPLICED = "as-1ab014c20b.sse"  # a second message begins before the first has ended
STREAMS = files(WIRE / "anthropic", "*.sse")


def tool(index: int, given: str) -> str:
    block = f'{{"type":"tool_use","id":"toolu_1","name":"f","input":{given}}}'
    return f'{{"type":"content_block_start","index":{index},"content_block":{block}}}'


def piece(index: int, text: str) -> str:
    return (
        f'{{"type":"content_block_delta","index":{index},"delta":{{"type":"input_json_delta","partial_json":{text}}}}}'
    )


@pytest.mark.parametrize("path", recorded("*.sse"))
def test_recorded_streams_decode_in_order(path: Path) -> None:
    end = decode(path.read_bytes())[-1]
    assert isinstance(end, ReplyError if path.name == SPLICED else ReplyEnd)


@pytest.mark.skipif(not STREAMS, reason="no recorded streams")
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_split_of_the_bytes_does_not_matter(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(STREAMS)).read_bytes()[:20000]
    assert decode(*data.draw(splits(body))) == decode(body)


ODD_WORDS = ('"a\\nb"', '"a\nb"', '"a","text":"b"', '"\\ud800"', '"a"},"x":{"y":"z"', "null", '"', ' "a"', '"a" ', '""')
WORDS = st.text().map(json.dumps) | st.text().map(lambda text: json.dumps(text, ensure_ascii=False))
DELTAS = st.builds(
    '{{"type":"content_block_delta","index":{},"delta":{{"type":"{}{}{}'.format,
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from(['text_delta","text":'] * 3 + ['thinking_delta","thinking":', 'input_json_delta","partial_json":']),
    WORDS | WORDS | st.sampled_from(ODD_WORDS),
    st.sampled_from(["}}", "}}", "}      }", "} }\t", '},"more":1}', "}"]),
)


@settings(max_examples=300)
@given(st.lists(DELTAS | st.sampled_from([TEXT, STOP, tool(1, '{"a":1}')]), max_size=12), st.sampled_from(["", "\r"]))
def test_a_frame_that_looks_like_the_one_before_it_is_read_as_any_other(events: list[str], cr: str) -> None:
    """A comment in each makes it look like no other."""
    started = [START, TEXT, HI, *events]
    alike = [f"event: content_block_delta{cr}\ndata: {one}{cr}\n{cr}\n".encode("utf-8", "replace") for one in started]
    assert decode(b"".join(alike)) == decode(b"".join(b": odd\n" + frame for frame in alike))


@pytest.mark.parametrize("path", recorded("*.sse"))
def test_a_cut_at_any_frame_gives_one_error_until_the_model_has_stopped(path: Path) -> None:
    whole_frames = path.read_bytes().split(b"\n\n")[:300]
    for count in range(len(whole_frames)):
        body = b"".join(frame + b"\n\n" for frame in whole_frames[:count])
        stopped = b'"delta":{"stop_reason":"' in body.replace(b" ", b"")
        end = decode(body)[-1]
        assert isinstance(end, ReplyEnd if stopped and path.name != SPLICED else ReplyError)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([START, TEXT, HI, STOP, DONE]).map(frames))))
def test_no_bytes_make_it_raise(pieces: list[bytes]) -> None:
    decode(*pieces)


def test_text_thinking_and_calls_are_told_apart() -> None:
    body = frames(
        START,
        '{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}',
        '{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}',
        '{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}',
        STOP,
        '{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"b3BhcXVl"}}',
        '{"type":"content_block_stop","index":1}',
        TEXT.replace('"index":0', '"index":2'),
        HI.replace('"index":0', '"index":2'),
        STOP.replace('"index":0', '"index":2'),
        tool(3, "{}"),
        piece(3, '""'),
        piece(3, '"{\\"a\\":"'),
        piece(3, '"1}"'),
        STOP.replace('"index":0', '"index":3'),
        '{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}',
        END,
    )
    reply = whole(decode(body))
    assert reply.parts == (
        Thinking("hm", "c2ln", "anthropic"),
        Thinking("", "b3BhcXVl", "anthropic", redacted=True),
        Text("hi"),
        ToolCall("toolu_1", "f", '{"a":1}'),
    )
    assert reply.stop is StopReason.TOOL_USE


def test_unsigned_thinking_has_no_signer() -> None:
    block = '{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"hm"}}'
    assert PartEnd(0) in decode(frames(START, block, STOP, DONE, END))


@pytest.mark.parametrize(
    ("given", "deltas", "arguments"),
    [
        ("{}", (), "{}"),
        ("{ }", (), "{}"),
        ("null", (), "{}"),
        ('{"a":1}', (), '{"a":1}'),
        ('"{\\"a\\":1}"', (), '{"a":1}'),
        ('{"a":1}', ('"{\\"b\\":2}"',), '{"b":2}'),
        ('{"a":1}', ('""',), '{"a":1}'),
    ],
)
def test_arguments_come_as_deltas_or_whole_with_the_start(given: str, deltas: tuple[str, ...], arguments: str) -> None:
    body = frames(START, tool(0, given), *(piece(0, text) for text in deltas), STOP, DONE, END)
    assert whole(decode(body)).parts == (ToolCall("toolu_1", "f", arguments),)


def test_text_that_comes_with_the_start_is_kept() -> None:
    assert whole(decode(frames(START, TEXT.replace('""', '"Oh, "'), HI, STOP, DONE, END))).parts == (Text("Oh, hi"),)


def test_the_last_value_of_each_count_is_the_count() -> None:
    counts = (
        '"input_tokens":10,"cache_read_input_tokens":4,"cache_creation_input_tokens":2,"output_tokens":7,'
        '"output_tokens_details":{"thinking_tokens":3}'
    )
    start = START.replace('"input_tokens":3', '"input_tokens":3,"cache_read_input_tokens":1')
    end = decode(frames(start, DONE.replace('"output_tokens":5', counts), DONE, END))[-1]
    assert isinstance(end, ReplyEnd)
    assert end.usage == Usage(16, 4, 2, 5, 3)


def test_counts_that_never_came_are_none() -> None:
    body = frames(
        '{"type":"message_start","message":{"id":"x","usage":null}}',
        DONE.replace(',"usage":{"output_tokens":5}', ""),
        END,
    )
    assert decode(body)[-1] == ReplyEnd(StopReason.END_TURN)


def test_what_nobody_knows_is_skipped_and_the_order_holds() -> None:
    body = frames(
        '{"type":"ping"}',
        START,
        '{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","input":{}}}',
        piece(0, '"{}"'),
        STOP,
        '{"type":"content_block_start","index":1,"content_block":{"type":"tool_search_tool_result","content":[{}]}}',
        '{"type":"content_block_stop","index":1}',
        TEXT.replace('"index":0', '"index":2'),
        '{"type":"content_block_delta","index":2,"delta":{"type":"citations_delta","citation":{}}}',
        HI.replace('"index":0', '"index":2'),
        '{"type":"of_next_year","index":2}',
        STOP.replace('"index":0', '"index":2'),
        DONE,
        END,
    )
    assert whole(decode(body)).parts == (Text("hi"),)


def test_a_refusal_is_told_in_its_own_words() -> None:
    details = '{"stop_reason":"refusal","stop_details":{"type":"refusal","explanation":"No."}}'
    reply = whole(decode(frames(START, DONE.replace('{"stop_reason":"end_turn"}', details), END)))
    assert (reply.parts, reply.stop) == ((Refusal("No."),), StopReason.REFUSAL)


@pytest.mark.parametrize(
    ("word", "stop"),
    [
        ("stop_sequence", StopReason.STOP_SEQUENCE),
        ("max_tokens", StopReason.LENGTH),
        ("model_context_window_exceeded", StopReason.LENGTH),
        ("pause_turn", StopReason.PAUSE),
        ("of_next_year", StopReason.END_TURN),
    ],
)
def test_stop_reasons(word: str, stop: StopReason) -> None:
    end = decode(frames(START, DONE.replace("end_turn", word), END))[-1]
    assert isinstance(end, ReplyEnd)
    assert end.stop is stop


def test_a_stop_reason_that_was_never_given_is_what_the_parts_show() -> None:
    end = decode(frames(START, tool(0, "{}"), STOP, END))[-1]
    assert end == ReplyEnd(StopReason.TOOL_USE, Usage(3, 0, 0, 1, 0))


def test_a_stream_that_ends_after_its_stop_reason_is_whole() -> None:
    assert isinstance(decode(frames(START, TEXT, HI, DONE))[-1], ReplyEnd)
    assert isinstance(decode(frames(START, TEXT, HI, DONE, "[DONE]"))[-1], ReplyEnd)
    assert isinstance(decode(frames(START, TEXT, HI, "[DONE]"))[-1], ReplyError)


def test_a_block_that_was_left_open_is_closed_by_the_end() -> None:
    assert PartEnd(0) in decode(frames(START, TEXT, HI, DONE, END))


def test_an_index_that_comes_twice_is_two_parts() -> None:
    body = frames(START, TEXT, HI, TEXT, HI, STOP, DONE, END)
    assert whole(decode(body)).parts == (Text("hi"), Text("hi"))


def test_the_same_message_may_begin_twice_but_not_another_one() -> None:
    assert isinstance(decode(frames(START, START, DONE, END))[-1], ReplyEnd)
    assert isinstance(decode(frames(START, START.replace("msg_1", "msg_2"), DONE, END))[-1], ReplyError)


def test_an_error_event_ends_the_reply_in_its_own_words() -> None:
    error = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    expected = ReplyError(ErrorKind.OVERLOADED, "Overloaded", 529)
    assert decode(frames(error)) == [expected]
    assert decode(frames(START, TEXT, HI, error, END))[-1] == expected
    assert decode(frames('{"error":{"message":"quota"}}')) == [ReplyError(ErrorKind.SERVER, "quota", 500)]


@pytest.mark.parametrize(
    "broken",
    [
        '{"type":"content_block_delta","index":0',
        "[1]",
        '{"type":"content_block_delta"}',
        HI.replace("0", "7"),
        TEXT[:-1],
    ],
)
def test_a_broken_frame_ends_the_reply_in_one_error(broken: str) -> None:
    events = decode(frames(START, TEXT, HI, broken, HI, STOP, DONE, END))
    assert isinstance(events[-1], ReplyError)
    assert events[-1].status == 502
    assert events[1:3] == [PartStart(0, PartKind.TEXT), PartDelta(0, "hi")]


def test_a_frame_that_never_ends_is_an_error() -> None:
    events = decode(frames(START), b"data: " + b"x" * (MAX_FRAME_BYTES + 1))
    assert isinstance(events[-1], ReplyError)


@pytest.mark.parametrize("body", [b"", b": nothing\n\n", frames('{"type":"ping"}'), frames(HI), b"<html>busy</html>"])
def test_a_stream_that_never_began_is_an_error(body: bytes) -> None:
    assert [type(event) for event in decode(body)] == [ReplyError]
