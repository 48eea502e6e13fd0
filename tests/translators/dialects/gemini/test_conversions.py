"""Streams as whole replies, and the other way round."""

import json
from pathlib import Path

import pytest

from tests.support.recordings import OURS, files
from tests.support.streams import whole
from tests.translators.dialects.gemini.material import array, chunk, decode_bytes, events_stream
from translators import UpstreamError
from translators.dialects.gemini import DIALECT
from translators.dialects.gemini.conversions import stream_of, whole_of

STREAMS = [path for path in files(OURS / "gemini", "*.sse") if not path.stem.startswith(("error", "arguments"))]


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_the_whole_says_what_the_stream_said(path: Path) -> None:
    body = path.read_bytes()
    told = whole(decode_bytes(body))
    assert DIALECT.decode_reply(whole_of(body)) == told
    assert whole(decode_bytes(stream_of(whole_of(body)))) == told


def test_texts_of_one_kind_are_joined_and_the_rest_is_kept() -> None:
    call = {"functionCall": {"name": "f", "args": {"x": 1.0}}, "thoughtSignature": "c2ln"}
    last = chunk("b", finish="STOP", usageMetadata={"promptTokenCount": 1}, newField=[1])
    body = events_stream(chunk({"text": "h", "thought": True}, "a"), chunk("", call), last) + b"data: [DONE]\n\n"
    assert json.loads(whole_of(body)) == {
        "candidates": [
            {
                "content": {
                    "parts": [{"text": "h", "thought": True}, {"text": "a"}, call, {"text": "b"}],
                    "role": "model",
                },
                "index": 0,
                "finishReason": "STOP",
            }
        ],
        "modelVersion": "gemini-2.5-flash",
        "responseId": "r",
        "usageMetadata": {"promptTokenCount": 1},
        "newField": [1],
    }


def test_candidates_keep_apart() -> None:
    first, second = chunk("a"), chunk("b")
    second["candidates"][0]["index"] = 1
    said = json.loads(whole_of(events_stream(first, second, first)))["candidates"]
    assert [one["content"]["parts"] for one in said] == [[{"text": "aa"}], [{"text": "b"}]]


def test_an_array_becomes_its_events() -> None:
    chunks = (chunk("a\n"), chunk("b", finish="STOP"))
    assert decode_bytes(stream_of(array(*chunks))) == decode_bytes(events_stream(*chunks))


@pytest.mark.parametrize("body", [b"data: 5\n\n", b"data: {\n\n", b'data: {"candidates": 5}\n\n'])
def test_what_is_no_stream_is_an_error(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        whole_of(body)


@pytest.mark.parametrize("body", [b"", b"{", b"[", b"[{]"])
def test_what_is_no_reply_is_an_error(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        stream_of(body)
