"""Frames and replies of Responses, written by hand."""

import json
from functools import partial
from typing import Any

from tests.support import streams
from tests.support.recordings import OURS, files
from tests.support.streams import whole
from translators.conversation import Reply
from translators.dialects.openai_responses import DIALECT
from translators.events import ReplyError

STREAMS = files(OURS / "openai_responses", "*.sse")
USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 2},
    "output_tokens": 4,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 13,
}

decode = partial(streams.decode, DIALECT)


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def response(status: str = "in_progress", **more: Any) -> dict[str, Any]:
    return {"id": "resp_1", "object": "response", "created_at": 1000, "model": "m", "status": status, **more}


def created() -> bytes:
    return event("response.created", response=response())


def added(index: int | None, **item: Any) -> bytes:
    return event("response.output_item.added", item=item, **({} if index is None else {"output_index": index}))


def done(index: int | None, **item: Any) -> bytes:
    return event("response.output_item.done", item=item, **({} if index is None else {"output_index": index}))


def delta(what: str, index: int | None, text: str, **more: Any) -> bytes:
    place = {} if index is None else {"output_index": index}
    return event(f"response.{what}.delta", delta=text, **place, **more)


def text(words: str, index: int | None = 0) -> bytes:
    return delta("output_text", index, words, content_index=0)


def message(*content: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": list(content), **more}


def said(words: str) -> dict[str, Any]:
    return {"type": "output_text", "text": words, "annotations": []}


def call(arguments: str = "", **more: Any) -> dict[str, Any]:
    return {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": arguments, **more}


def ended(status: str = "completed", **more: Any) -> bytes:
    return event(f"response.{status}", response=response(status, **more))


def reply(*frames: bytes) -> Reply:
    return whole(decode(*frames))


def error(*frames: bytes) -> ReplyError:
    last = decode(*frames)[-1]
    assert isinstance(last, ReplyError)
    return last
