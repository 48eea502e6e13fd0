"""A stream between two sides of this dialect: its own bytes, but for the model's name."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.streams import splits
from tests.translators.dialects.openai_responses.material import (
    STREAMS,
    USAGE,
    created,
    decode,
    done,
    ended,
    message,
    said,
    text,
)
from translators import ReplyStream
from translators.dialect import Context
from translators.dialects.openai_responses import DIALECT
from translators.errors import UpstreamError
from translators.events import ReplyError, Usage

NAME = "openai_responses"
STREAM = created() + text('{"model": "m"}') + text('"model":"m"') + ended(usage=USAGE, output=[message(said('"m"'))])


def passed(*pieces: bytes, model: str = "") -> tuple[bytes, ReplyStream]:
    stream = ReplyStream(NAME, NAME, context=Context(model=model))
    out = b"".join(map(stream.feed, pieces))
    return out + stream.close(), stream


def test_the_name_is_set_back_wherever_it_is_a_field() -> None:
    out, stream = passed(STREAM, model="asked")
    assert out == STREAM.replace(b'"model": "m", "status"', b'"model": "asked", "status"')
    assert (stream.usage, stream.error) == (Usage(9, 5, 2, 4, 3), None)


@given(st.data())
def test_the_split_of_the_bytes_does_not_matter(data: st.DataObject) -> None:
    stream = data.draw(st.sampled_from(STREAMS)).read_bytes()
    assert passed(*data.draw(splits(stream)), model="asked")[0] == passed(stream, model="asked")[0]


@given(st.integers(0, len(STREAM)))
def test_a_cut_stream_ends_in_one_error_behind_whole_frames(cut: int) -> None:
    out, stream = passed(STREAM[:cut])
    events = decode(out)
    if isinstance(events[-1], ReplyError):
        assert stream.error is not None
        assert out.count(b"event: error") == 1
        assert STREAM.startswith(out[: out.index(b"event: error")])
    else:
        assert len(out) >= len(STREAM) - 2


@given(st.binary(max_size=300), st.integers(0, len(STREAM)))
def test_rubbish_never_raises(rubbish: bytes, at: int) -> None:
    for data in (rubbish, STREAM[:at] + rubbish + STREAM[at:]):
        out, stream = passed(data)
        assert decode(out)
        assert stream.end is not None or stream.error is not None
        if DIALECT.whole_of is not None:
            with suppress(UpstreamError):
                DIALECT.whole_of(data)


@pytest.mark.parametrize("item", [{"type": "message", "content": [{"type": "output_text", "text": "x" * 70_000}]}])
def test_a_big_item_passes(item: dict[str, object]) -> None:
    body = created() + done(0, **item) + ended()
    assert passed(body)[0] == body
