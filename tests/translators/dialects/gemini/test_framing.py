"""Events, or one array: what the client asked for, and what the upstream says."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.recordings import OURS, files
from tests.support.streams import splits
from tests.translators.dialects.gemini.material import array, chunk, decode_bytes, events_stream
from translators.dialect import Reframer
from translators.dialects.gemini import DIALECT
from translators.dialects.gemini.framing import (
    ArraySplitter,
    BrokenArray,
    forward_query,
    reframe,
)
from translators.errors import ErrorKind, UpstreamError

STREAMS = files(OURS / "gemini", "*.sse")
ERROR = UpstreamError(ErrorKind.OVERLOADED, "too busy", status=503)


def reframer() -> Reframer:
    made = reframe("")
    assert made is not None
    return made


def reframed(*pieces: bytes) -> bytes:
    made = reframer()
    return b"".join([*(made.feed(piece) for piece in pieces), made.close()])


@pytest.mark.parametrize("query", ["alt=sse", "$alt=sse", "%24alt=sse", "pageSize=5&alt=sse"])
def test_a_client_that_asks_for_events_gets_them(query: str) -> None:
    assert reframe(query) is None


@pytest.mark.parametrize("query", ["", "alt=json", "$alt=json;enum-encoding=int", "pageSize=5", "alt"])
def test_any_other_gets_an_array(query: str) -> None:
    made = reframe(query)
    assert made is not None
    assert made.content_type.startswith("application/json")


@given(st.data())
def test_the_array_says_the_same(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(STREAMS)).read_bytes()
    written = reframed(*data.draw(splits(body)))
    assert written == reframed(body)
    assert decode_bytes(written) == decode_bytes(body)
    frames = body.replace(b"\r\n", b"\n").split(b"\n\n")
    assert json.loads(written) == [json.loads(frame.removeprefix(b"data: ")) for frame in frames if frame]


def test_elements_leave_as_they_arrive() -> None:
    made = reframer()
    one, two = (json.dumps(chunk(text)).encode() for text in ("One", "Two"))
    assert made.feed(events_stream(chunk("One"))) == b"[" + one
    assert made.feed(b"data: " + two) == b""
    assert made.feed(b"\n\n") == b",\r\n" + two
    assert made.close() == b"]\n"


def test_an_error_is_the_last_element() -> None:
    made = reframer()
    begun = made.feed(events_stream(chunk("One"))) + DIALECT.keep_alive
    ended = made.feed(DIALECT.error_frame(ERROR)) + made.close()
    assert json.loads(begun + ended)[-1]["error"]["message"] == "too busy"
    alone = reframer()
    said = DIALECT.keep_alive + alone.feed(DIALECT.error_frame(ERROR)) + alone.close()
    assert [one["error"]["status"] for one in json.loads(said)] == ["UNAVAILABLE"]


def test_a_stream_of_nothing_is_an_empty_array() -> None:
    assert json.loads(reframed()) == []
    assert json.loads(reframed(b": comment\n\n")) == []


def test_a_stream_that_ends_without_a_blank_line_is_whole() -> None:
    assert json.loads(reframed(b'data: {"a": 1}')) == [{"a": 1}]


def test_a_frame_without_an_end_is_an_error_not_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("translators.sse.MAX_FRAME_BYTES", 64)
    [first, last] = json.loads(reframed(b'data: {"a": 1}\n\n', b"data: {" + b" " * 100, b"data: {}\n\n"))
    assert first == {"a": 1}
    assert last["error"]["code"] == 502


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ("", ""),
        ("alt=sse", ""),
        ("$alt=json;enum-encoding=int", ""),
        ("pageSize=5&alt=sse&prettyPrint=", "pageSize=5&prettyPrint="),
    ],
)
def test_what_a_client_says_of_framing_goes_no_further(query: str, sent: str) -> None:
    assert forward_query(query) == sent


def elements(*pieces: bytes) -> list[bytes]:
    splitter = ArraySplitter()
    return [element for piece in pieces for element in splitter.feed(piece)]


@given(st.data())
def test_the_split_of_an_array_does_not_matter(data: st.DataObject) -> None:
    values = data.draw(st.lists(st.dictionaries(st.text(max_size=4), st.text() | st.lists(st.text()), max_size=3)))
    body = array(*values)
    found = elements(*data.draw(splits(body)))
    assert [json.loads(element) for element in found] == values


@pytest.mark.parametrize("body", [b"[5]", b'["a"]', b"[}]", b"[null]", b"nonsense", b"[{}x{}]"])
def test_an_array_of_something_else_is_broken(body: bytes) -> None:
    with pytest.raises(BrokenArray):
        elements(body)
