"""Frames out of bytes, whatever the line ends and wherever the bytes are cut. Source: WHATWG HTML 9.2."""

import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.streams import splits
from translators import sse
from translators.sse import Frame, FrameSplitter, FrameTooLong


def frames(*pieces: bytes) -> list[Frame]:
    splitter = FrameSplitter()
    found = [frame for piece in pieces for frame in splitter.feed(piece)]
    return found + splitter.close()


def by_the_standard(body: bytes) -> list[Frame]:
    """The standard's algorithm, line by line; the last event counts without its blank line too, as ours does."""
    found: list[Frame] = []
    event, data = "", None
    for line in [*re.split(rb"\r\n|\r|\n", body.removeprefix(b"\xef\xbb\xbf")), b""]:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data is not None:
                found.append(Frame(event, data))
            event, data = "", None
        elif field == b"data":
            data = value if data is None else data + b"\n" + value
        elif field == b"event":
            event = value.decode("utf-8", "replace")
    return found


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_every_line_end_ends_a_line(end: bytes) -> None:
    body = end.join([b"event: a", b"data: 1", b"", b"data: 2", b"", b""])
    assert frames(body) == [Frame("a", b"1"), Frame("", b"2")]
    assert frames(*(bytes([byte]) for byte in body)) == [Frame("a", b"1"), Frame("", b"2")]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_a_frame_comes_out_with_its_blank_line_and_not_later(end: bytes) -> None:
    assert FrameSplitter().feed(b"data: 1" + end + end) == [Frame("", b"1")]


def test_a_newline_split_from_its_carriage_return_is_no_second_line_end() -> None:
    assert frames(b"data: 1\r", b"\ndata: 2\r", b"", b"\n\r", b"\n") == [Frame("", b"1\n2")]


def test_a_byte_order_mark_at_the_start_is_dropped_even_in_pieces() -> None:
    assert frames(b"\xef", b"\xbb", b"\xbfdata: 1\n\n") == [Frame("", b"1")]


def test_a_byte_order_mark_further_on_is_data() -> None:
    assert frames(b"data: \xef\xbb\xbf\n\n") == [Frame("", b"\xef\xbb\xbf")]


def test_data_lines_are_joined_by_a_newline() -> None:
    assert frames(b"data: a\ndata:\ndata: b\n\n") == [Frame("", b"a\n\nb")]


def test_one_space_after_the_colon_is_dropped_and_no_second_one() -> None:
    assert frames(b"data:a\n\ndata:  a\n\n") == [Frame("", b"a"), Frame("", b" a")]


def test_comments_ids_and_unknown_fields_make_no_frame() -> None:
    assert frames(b": keep-alive\n\nid: 1\nretry: 5\nfoo\n\ndata: 1\nid: 2\n\n") == [Frame("", b"1")]


def test_an_event_without_data_makes_no_frame_and_names_no_other() -> None:
    assert frames(b"event: a\n\ndata: 1\n\n") == [Frame("", b"1")]


def test_the_event_name_may_follow_its_data() -> None:
    assert frames(b"data: 1\nevent: a\n\n") == [Frame("a", b"1")]


def test_a_line_separator_of_unicode_is_data() -> None:
    text = "a\u2028b\u0085c".encode()
    assert frames(b"data: " + text + b"\n\n") == [Frame("", text)]


def test_a_letter_may_be_split_in_its_bytes() -> None:
    body = "data: 日本\n\n".encode()
    assert frames(body[:7], body[7:9], body[9:]) == [Frame("", "日本".encode())]


def test_the_last_frame_counts_without_its_blank_line() -> None:
    assert frames(b"data: 1\n\ndata: 2") == [Frame("", b"1"), Frame("", b"2")]


def test_nothing_is_left_after_the_close() -> None:
    splitter = FrameSplitter()
    splitter.feed(b"data: 1")
    assert splitter.close() == [Frame("", b"1")]
    assert splitter.close() == []


LINES = st.sampled_from(
    [b"data: a", b"data:", b"data", b"data:  b", b"event: x", b": c", b"", b"id: 1", b"\xff", b"x\xc3"]
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
FRAMES = st.tuples(st.sampled_from([b"data: a", b"data: ", b"event: x\ndata: b"]), ENDS).map(
    lambda two: two[0] + 2 * two[1]
)
BODIES = st.lists(st.tuples(LINES, ENDS).map(b"".join) | FRAMES, max_size=12).map(b"".join)


@given(st.booleans(), BODIES, st.data())
def test_any_split_gives_what_the_standard_says(marked: bool, body: bytes, data: st.DataObject) -> None:
    whole = b"\xef\xbb\xbf" * marked + body
    assert frames(*data.draw(splits(whole))) == by_the_standard(whole)


@given(BODIES, st.data())
def test_the_data_alone_is_that_of_the_frames_in_any_split(body: bytes, data: st.DataObject) -> None:
    splitter = FrameSplitter()
    found = [one for piece in data.draw(splits(body)) for one in splitter.data(piece)]
    assert found + [frame.data for frame in splitter.close()] == [frame.data for frame in by_the_standard(body)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_a_long_frame_in_small_pieces_is_copied_a_few_times_and_not_once_a_piece(end: bytes) -> None:
    """Ten megabytes in pieces of 1 KB, a line end in each so that no line is skipped."""
    splitter = FrameSplitter()
    splitter.feed(b"data: ")
    piece = b"x" * 1022 + end[:1] + b":"
    tracemalloc.start()
    try:
        for _ in range(10_000):
            assert splitter.feed(piece) == []
            tracemalloc.reset_peak()
        held, _ = tracemalloc.get_traced_memory()
        splitter.feed(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - held < 5_000_000  # no copy of the whole at a piece
    assert [frame.data[:4] for frame in splitter.feed(end * 2)] == [b"xxxx"]


def test_a_frame_without_an_end_is_refused_when_it_grows_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_FRAME_BYTES", 100)
    splitter = FrameSplitter()
    splitter.feed(b"data: " + b"x" * 94)
    with pytest.raises(FrameTooLong):
        splitter.feed(b"x")
