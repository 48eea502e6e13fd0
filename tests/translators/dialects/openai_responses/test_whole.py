"""A whole reply from a stream."""

import json
from typing import Any

import pytest

from tests.translators.dialects.openai_responses.material import (
    STREAMS,
    USAGE,
    added,
    created,
    decode,
    done,
    ended,
    event,
    message,
    said,
    text,
)
from translators.dialects.openai_responses import DIALECT
from translators.dialects.openai_responses.whole import whole_of
from translators.errors import ErrorKind, UpstreamError
from translators.events import ReplyError


def whole(*frames: bytes) -> Any:
    return json.loads(whole_of(b"".join(frames)))


def test_it_is_the_response_of_the_last_event_with_every_field() -> None:
    got = whole(created(), text("a"), ended(output=[message(said("a"))], usage=USAGE, something_new={"a": 1.50}))
    assert got["output"] == [message(said("a"))]
    assert (got["id"], got["usage"], got["something_new"]) == ("resp_1", USAGE, {"a": 1.5})


@pytest.mark.parametrize("output", [{}, {"output": []}, {"output": None}])
def test_items_that_the_last_event_leaves_out_are_those_that_were_done(output: dict[str, Any]) -> None:
    first, second = message(said("a")), {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    assert whole(created(), done(1, **second), done(0, **first), ended(**output))["output"] == [first, second]
    assert whole(created(), done(None, **first), done(None, **second), ended(**output))["output"] == [first, second]


def test_an_id_that_the_last_event_leaves_out_is_the_one_that_was_there() -> None:
    lacking = {**message(said("a")), "id": ""}
    named = {**message(said("b")), "id": "msg_2"}
    got = whole(created(), done(0, **message(said("a"))), done(1, **named), ended(output=[lacking, named]))
    assert [item["id"] for item in got["output"]] == ["msg_1", "msg_2"]


def test_an_incomplete_reply_is_one() -> None:
    details = {"reason": "max_output_tokens"}
    got = whole(created(), done(0, **message(said("a"))), ended("incomplete", incomplete_details=details))
    assert (got["status"], got["incomplete_details"], len(got["output"])) == ("incomplete", details, 1)


def test_big_numbers_and_odd_text_keep_their_bytes() -> None:
    odd = b'{"type":"message","id":"msg_1","content":[],"big":12345678901234567890123,"text":"\\u2028\\/"}'
    item = b'event: response.output_item.done\ndata: {"type":"response.output_item.done","item":%b}\n\n' % odd
    assert odd in whole_of(created() + item + ended())


def test_a_reply_that_failed_is_an_error() -> None:
    failed = ended("failed", error={"code": "rate_limit_exceeded", "message": "slow down"})
    for frames in ([failed], [event("error", code="rate_limit_exceeded", message="slow down")]):
        with pytest.raises(UpstreamError, match="slow down") as caught:
            whole(created(), *frames)
        assert (caught.value.kind, caught.value.status) == (ErrorKind.RATE_LIMIT, 429)


def test_a_reply_that_was_cut_is_an_error() -> None:
    for frames in ([], [created(), added(0, **message())], [created(), ended()[:-20]]):
        with pytest.raises(UpstreamError, match="disconnected") as caught:
            whole(*frames)
        assert (caught.value.status, caught.value.code) == (408, "stream_disconnected")


def test_a_broken_stream_is_an_error() -> None:
    with pytest.raises(UpstreamError, match="malformed"):
        whole(created(), b"data: {\n\n", ended())


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_it_says_what_the_stream_says(path: Any) -> None:
    events = decode(path.read_bytes())
    last = events[-1]
    if isinstance(last, ReplyError):
        with pytest.raises(UpstreamError) as caught:
            whole_of(path.read_bytes())
        assert (caught.value.status, str(caught.value)) == (last.status, last.message)
    else:
        assert DIALECT.decode_reply(whole_of(path.read_bytes())).usage == last.usage  # type: ignore[union-attr]
