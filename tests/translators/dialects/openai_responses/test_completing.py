"""A stream whose last event has what it left out."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.recordings import recorded
from tests.support.streams import splits
from tests.translators.dialects.openai_responses.material import (
    STREAMS,
    created,
    decode,
    done,
    ended,
    event,
    message,
    said,
    text,
)
from translators.dialects.openai_responses.completing import reframe
from translators.dialects.openai_responses.whole import whole_of

ITEM = message(said("a"))
EMPTY = created() + text("a") + done(0, **ITEM) + ended(output=[], usage=None)


def through(*pieces: bytes) -> bytes:
    reframer = reframe("")
    return b"".join(map(reframer.feed, pieces)) + reframer.close()


def last(stream: bytes) -> Any:
    return json.loads(stream.rstrip().rpartition(b"data: ")[2])


def test_items_that_the_last_event_leaves_out_are_put_in() -> None:
    got = through(EMPTY)
    assert last(got)["response"]["output"] == [ITEM]
    assert got.startswith(EMPTY[: EMPTY.index(b"event: response.completed")])
    assert decode(got) == decode(EMPTY)
    assert json.loads(whole_of(got)) == json.loads(whole_of(EMPTY))


def test_an_incomplete_reply_has_its_items_too() -> None:
    assert last(through(created() + done(0, **ITEM) + ended("incomplete")))["response"]["output"] == [ITEM]


@given(st.data())
def test_the_split_of_the_bytes_does_not_matter(data: st.DataObject) -> None:
    stream = data.draw(st.sampled_from([EMPTY, *(path.read_bytes() for path in STREAMS)]))
    assert through(*data.draw(splits(stream))) == through(stream)


@given(st.data())
def test_whole_frames_go_on_at_once(data: st.DataObject) -> None:
    reframer = reframe("")
    given_so_far = b""
    out = b""
    for piece in data.draw(splits(EMPTY)):
        given_so_far += piece
        out += reframer.feed(piece)
        whole, end, _ = given_so_far.rpartition(b"\n\n")
        assert out.count(b"\n\n") == (whole + end).count(b"\n\n")


@pytest.mark.parametrize("path", recorded("openai_responses", "*.sse"))
def test_what_lacks_nothing_passes_as_it_is(path: Path) -> None:
    assert through(path.read_bytes()) == path.read_bytes()


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        b": keep-alive\n\n",
        EMPTY.replace(b"\n", b"\r\n"),
        EMPTY[:-30],
        created() + ended(output=[]),
        created() + b"data: response.completed {\n\n" + EMPTY,
        done(0, type="message", id=7) + event("response.completed", response=5),
        done(0, **ITEM) + b'data: {"type":"response.completed",\ndata: "response":{}}\n\n',
        event("error", message="response.completed"),
    ],
)
def test_what_cannot_be_mended_passes_as_it_is(stream: bytes) -> None:
    assert through(stream) == stream


@given(st.binary(max_size=200), st.integers(0, len(EMPTY)))
def test_rubbish_never_raises(rubbish: bytes, at: int) -> None:
    assert rubbish in through(EMPTY[:at] + rubbish + EMPTY[at:]) or b"\n\n" in rubbish
