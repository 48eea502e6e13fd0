"""A chat stream tells usage only to those who ask: the gateway asks, and tells nobody who did not."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators import ReplyStream, translate_request
from translators.dialects.openai_chat.asked_usage import hide_usage

ASKED = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
HEAD = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
USAGE = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}


def frame(**more: Any) -> bytes:
    return b"data: " + json.dumps({**HEAD, **more}).encode() + b"\n\n"


SAID = frame(choices=[{"index": 0, "delta": {"role": "assistant", "content": 'a "choices":[]'}}], usage=None)
END = frame(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}], usage=None)
TOLD = frame(choices=[], usage=USAGE)
DONE = b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        (None, {"include_usage": True}),
        ({"include_usage": False}, {"include_usage": True}),
        ({"include_obfuscation": False}, {"include_obfuscation": False, "include_usage": True}),
    ],
)
def test_the_upstream_is_always_asked(options: dict[str, bool] | None, sent: dict[str, bool]) -> None:
    asked = ASKED if options is None else {**ASKED, "stream_options": options}
    got = translate_request(json.dumps(asked).encode(), "openai_chat", "openai_chat")
    assert json.loads(got.body) == {**ASKED, "stream_options": sent}
    assert not got.context.include_usage


def test_who_asks_is_left_alone() -> None:
    body = json.dumps({**ASKED, "stream_options": {"include_usage": True}}).encode()
    got = translate_request(body, "openai_chat", "openai_chat")
    assert got.body == body
    assert got.context.include_usage


def test_a_whole_reply_needs_no_wish() -> None:
    body = json.dumps({**ASKED, "stream": False}).encode()
    assert translate_request(body, "openai_chat", "openai_chat").body == body


@given(st.lists(st.integers(0, len(SAID + END + TOLD + DONE)), max_size=5))
def test_only_the_frame_of_usage_is_hidden_wherever_the_stream_is_cut(cuts: list[int]) -> None:
    context = translate_request(json.dumps(ASKED).encode(), "openai_chat", "openai_chat").context
    stream = ReplyStream("openai_chat", "openai_chat", context=context)
    data = SAID + END + TOLD + DONE
    edges = [0, *sorted(cuts), len(data)]
    out = b"".join(stream.feed(data[start:end]) for start, end in pairwise(edges)) + stream.close()
    assert out == SAID + END + DONE
    assert stream.usage is not None
    assert stream.usage.input_tokens == 3


def test_a_first_frame_without_choices_that_is_not_about_usage_stays() -> None:
    filters = frame(choices=[], prompt_filter_results=[])
    assert hide_usage(filters + TOLD) == filters
    assert hide_usage(b'data: {"choices":[] broken\n\n') == b'data: {"choices":[] broken\n\n'
