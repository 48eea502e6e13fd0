"""A stream may be split, cut, broken or strange: what comes out is the same, or one error; never an exception."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformance.material import REPLY_PAIRS, UPSTREAM_DIALECTS, name_of, recordings
from tests.conformance.said import data_of
from tests.support.streams import decode, splits
from translators import ReplyStream
from translators.dialect import Context
from translators.events import Event, ReplyEnd, ReplyError
from translators.registry import dialect

CONTEXT = Context(model="the-model", created_s=1_700_000_000)
TERMINALS = {
    "anthropic": rb'"stop_reason": ?"|"message_stop"',
    "gemini": rb'"finishReason": ?"|"blockReason": ?"',
    "openai_chat": rb'"finish_reason": ?"|\[DONE\]',
    "openai_responses": rb'"type": ?"response\.(completed|incomplete)"',
}
"""What no stream of a dialect is whole without."""

STREAMS = {name: recordings(name, ".sse") for name in UPSTREAM_DIALECTS}
BOTH_WAYS = [
    *((name, name) for name in UPSTREAM_DIALECTS if STREAMS[name]),
    *(pair for pair in REPLY_PAIRS if STREAMS[pair[0]]),
]
SHORT_STREAMS = {name: [path for path in paths if path.stat().st_size < 20_000] for name, paths in STREAMS.items()}

each_way = pytest.mark.parametrize(("source", "other"), BOTH_WAYS, ids=map(name_of, BOTH_WAYS))
each_source = pytest.mark.parametrize("source", [name for name in UPSTREAM_DIALECTS if STREAMS[name]])


def fed(source: str, other: str, pieces: list[bytes]) -> bytes:
    stream = ReplyStream(source, other, context=CONTEXT)
    return b"".join([*(stream.feed(piece) for piece in pieces), stream.close()])


def events_of(source: str, body: bytes) -> list[Event]:
    events = decode(dialect(source), body)
    assert isinstance(events[-1], ReplyEnd | ReplyError)
    return events


def errors_in(frames: bytes) -> int:
    """How many errors a client of the stream is told of. Every frame must be JSON; half a frame at the end is none."""
    end = frames.rfind(b"\n") if frames.startswith(b"{") else max(frames.rfind(b"\n\n"), frames.rfind(b"\r\n\r\n"))
    whole = frames[: max(end, 0)]
    return sum("error" in data or data.get("type") == "error" for data in data_of(whole))


def a_stream(data: st.DataObject, source: str) -> bytes:
    return data.draw(st.sampled_from(SHORT_STREAMS[source]), label="stream").read_bytes()


def pieces_of(data: st.DataObject, body: bytes) -> list[bytes]:
    return data.draw(splits(body), label="pieces")


@each_way
@given(data=st.data())
@settings(max_examples=40)
def test_the_split_of_the_bytes_does_not_matter(source: str, other: str, data: st.DataObject) -> None:
    body = a_stream(data, source)
    assert fed(source, other, pieces_of(data, body)) == fed(source, other, [body])


@each_way
def test_bytes_that_come_one_by_one_give_the_same(source: str, other: str) -> None:
    body = max(SHORT_STREAMS[source], key=lambda path: path.stat().st_size).read_bytes()
    assert fed(source, other, [bytes([byte]) for byte in body]) == fed(source, other, [body])


@each_way
def test_line_ends_do_not_matter(source: str, other: str) -> None:
    for path in STREAMS[source]:
        body = re.sub(rb"\r\n|\r", b"\n", path.read_bytes())
        plain = fed(source, other, [body])
        for end in (b"\r\n", b"\r"):
            assert fed(source, other, [body.replace(b"\n", end)]).replace(end, b"\n") == plain.replace(end, b"\n")


@each_way
@given(data=st.data())
@settings(max_examples=60)
def test_a_stream_that_is_cut_ends_in_one_error(source: str, other: str, data: st.DataObject) -> None:
    body = a_stream(data, source)
    cut = data.draw(st.integers(0, len(body)), label="cut")
    heard = fed(source, other, pieces_of(data, body[:cut]))
    last = events_of(source, body[:cut])[-1]
    if re.search(TERMINALS.get(source, rb"$^"), body[:cut]) is None:
        assert isinstance(last, ReplyError)
    if source == other and failed_before_its_end(source, body[:cut]):
        return  # Between two sides of one dialect the vendor's own words pass, whatever they are.
    check_ends_as(other, heard, last)


def check_ends_as(other: str, heard: bytes, last: Event) -> None:
    """The client's stream has the same end; a dialect that only clients speak has no reader of ours to ask."""
    assert errors_in(heard) == isinstance(last, ReplyError)
    if other in UPSTREAM_DIALECTS:
        assert type(events_of(other, heard)[-1]) is type(last)


def failed_before_its_end(source: str, body: bytes) -> bool:
    return any(isinstance(event, ReplyError) for event in dialect(source).stream_decoder().feed(body))


@each_source
def test_a_cut_at_every_frame_ends_in_an_error_until_the_end_is_there(source: str) -> None:
    terminal = TERMINALS.get(source, rb"$^")
    for path in SHORT_STREAMS[source]:
        frames = path.read_bytes().split(b"\n\n")
        for count in range(len(frames)):
            head = b"\n\n".join([*frames[:count], b""])
            if re.search(terminal, head) is None:
                assert isinstance(events_of(source, head)[-1], ReplyError)


@each_source
def test_nothing_at_all_is_an_error(source: str) -> None:
    [error] = events_of(source, b"")
    assert isinstance(error, ReplyError)


@each_way
@given(data=st.data())
@settings(max_examples=80)
def test_a_broken_stream_ends_properly_and_raises_nothing(source: str, other: str, data: st.DataObject) -> None:
    body = broken(data, a_stream(data, source))
    last = events_of(source, body)[-1]
    heard = fed(source, other, pieces_of(data, body))
    if source != other:  # Between two sides of one dialect a broken frame passes as it is.
        check_ends_as(other, heard, last)


def broken(data: st.DataObject, body: bytes) -> bytes:
    """The bytes with a few of them flipped, lost, doubled or put in."""
    for _ in range(data.draw(st.integers(1, 4), label="faults")):
        at = data.draw(st.integers(0, len(body)), label="at")
        size = data.draw(st.integers(0, 40), label="size")
        match data.draw(st.sampled_from(["flip", "lose", "double", "put in"]), label="fault"):
            case "flip":
                body = body[:at] + bytes(byte ^ 1 << size % 8 for byte in body[at : at + 1]) + body[at + 1 :]
            case "lose":
                body = body[:at] + body[at + size :]
            case "double":
                body = body[: at + size] + body[at:]
            case _:
                body = body[:at] + data.draw(JUNK, label="junk") + body[at:]
    return body


LETTERS = (
    b"\n",
    b"\n\n",
    b"\r",
    b'"',
    b"{",
    b"}",
    b"null",
    b"[]",
    b"\xff",
    b"\\ud800",
    b"\\",
    b"1e999",
    b"-1",
    b"9" * 400,
)
FRAMES = (b"data: ", b"data: 5\n\n", b"data: []\n\n", b'data: {"type":5}\n\n', b'data: {"choices":5}\n\n')
JUNK = st.sampled_from([*LETTERS, *FRAMES])


@each_source
@given(body=st.binary() | st.lists(JUNK, max_size=8).map(b"".join))
def test_bytes_that_are_no_stream_end_in_one_error(source: str, body: bytes) -> None:
    assert isinstance(events_of(source, body)[-1], ReplyError)


SPARED = ("args", "input", "arguments", "schema")


def with_unknown_fields(value: Any) -> Any:
    """The same JSON with a field in each object that nobody knows; what is the client's own stays as it is."""
    if isinstance(value, dict):
        kept = {key: one if key in SPARED else with_unknown_fields(one) for key, one in value.items()}
        return {"x_unknown": {"deep": [1, None]}, **kept}
    return [with_unknown_fields(one) for one in value] if isinstance(value, list) else value


def with_unknown_data(frame: str) -> str:
    head, mark, data = frame.partition("data: ")
    if not mark or data == "[DONE]":
        return frame
    try:
        said = json.loads(data)
    except ValueError:  # One recording has broken frames.
        return frame
    return head + mark + json.dumps(with_unknown_fields(said))


def with_comments(frame: str) -> str:
    return f": keep-alive\n\n{frame}"


def with_unknown_events(frame: str) -> str:
    return f'event: x_unknown\ndata: {{"type":"x_unknown","x":[1]}}\n\n{frame}'


def with_ids(frame: str) -> str:
    return f"id: 5\nretry: 100\n{frame}"


@each_source
@pytest.mark.parametrize("strange", [with_unknown_data, with_comments, with_unknown_events, with_ids])
def test_what_a_vendor_may_add_at_any_time_changes_nothing(source: str, strange: Callable[[str], str]) -> None:
    for path in STREAMS[source]:
        frames = without_odd_frames(path)
        changed = "\n\n".join([strange(frame) for frame in frames] + [""])
        assert events_of(source, changed.encode()) == events_of(source, ("\n\n".join([*frames, ""])).encode())


def without_odd_frames(path: Path) -> list[str]:
    text = path.read_bytes().decode().replace("\r\n", "\n")
    return [frame for frame in re.split(r"\n{2,}", text) if frame]


@each_way
def test_the_keep_alive_of_a_dialect_is_nothing_to_its_clients(source: str, other: str) -> None:
    if other not in UPSTREAM_DIALECTS:
        pytest.skip(f"nothing of ours reads {other}")
    for path in SHORT_STREAMS[source]:
        heard = fed(source, other, [path.read_bytes()])
        waiting = dialect(other).keep_alive
        assert events_of(other, waiting + heard.replace(b"\n\n", b"\n\n" + waiting)) == events_of(other, heard)
