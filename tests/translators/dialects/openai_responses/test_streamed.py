"""A stream from a whole reply."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.streams import whole
from tests.translators.dialects.openai_responses.material import (
    STREAMS,
    USAGE,
    call,
    decode,
    message,
    response,
    said,
)
from translators.dialects.openai_responses import DIALECT
from translators.dialects.openai_responses.streamed import stream_of
from translators.dialects.openai_responses.whole import whole_of
from translators.errors import UpstreamError
from translators.events import ReplyError


def frames(stream: bytes) -> list[dict[str, Any]]:
    chunks = stream.decode().split("\n\n")
    assert chunks.pop() == ""
    read = []
    for chunk in chunks:
        head, data = chunk.split("\n")
        read.append(json.loads(data.removeprefix("data: ")))
        assert head == f"event: {read[-1]['type']}"
    return read


def streamed(*items: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return frames(stream_of(json.dumps(response("completed", output=items, **more), indent=2).encode()))


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_the_stream_says_what_the_whole_said(path: Path) -> None:
    try:
        body = whole_of(path.read_bytes())
    except UpstreamError:
        assert isinstance(decode(path.read_bytes())[-1], ReplyError)
        return
    stream = stream_of(body)
    assert whole(decode(stream)) == DIALECT.decode_reply(body)
    assert json.loads(whole_of(stream)) == json.loads(body)


def test_text_comes_between_the_beginning_and_the_end_of_its_part_and_its_item() -> None:
    item = message(said("a\nb"), status="completed")
    got = streamed(item, usage=USAGE)
    assert [event["type"].removeprefix("response.") for event in got] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event["sequence_number"] for event in got] == list(range(9))
    assert (got[0]["response"]["status"], got[0]["response"]["output"]) == ("in_progress", [])
    assert got[2]["item"] == {**item, "content": [], "status": "in_progress"}
    where = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    assert got[3].items() >= {**where, "part": {**said("a\nb"), "text": ""}}.items()
    assert got[4].items() >= {**where, "delta": "a\nb"}.items()
    assert got[-1]["response"] == response("completed", output=[item], usage=USAGE)


def test_a_call_is_told_with_its_name_and_arguments() -> None:
    got = streamed(call('{"x": 1}'))
    assert got[2]["item"] == call("")
    assert [(event["type"].rpartition(".")[2], event.get("delta", event.get("arguments"))) for event in got[3:5]] == [
        ("delta", '{"x": 1}'),
        ("done", '{"x": 1}'),
    ]
    assert got[4]["name"] == "f"


def test_items_without_deltas_come_as_they_are() -> None:
    item = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "x"}}
    got = streamed(item)
    assert [event["type"] for event in got[2:-1]] == ["response.output_item.added", "response.output_item.done"]
    assert got[3]["item"] == item


def test_an_incomplete_reply_ends_as_one() -> None:
    body = json.dumps(response("incomplete", incomplete_details={"reason": "max_output_tokens"})).encode()
    last = frames(stream_of(body))[-1]
    assert (last["type"], last["response"]["incomplete_details"]) == (
        "response.incomplete",
        {"reason": "max_output_tokens"},
    )


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"output": 5}', b'{"output": [5]}'])
def test_what_cannot_be_read_is_an_upstream_error(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        stream_of(body)
