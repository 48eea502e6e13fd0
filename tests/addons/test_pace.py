"""What a client hears while it waits, and how an error reaches one whose reply has begun."""

import json
from typing import Any

import pytest

from addons.exchange import Pace, ReplyHead
from tests.support.conducting import Play, Stage, chat, refuse

IDS = ((b"request-id", b"00000000-0000"), (b"x-request-id", b"00000000-0000"))
NO_CACHE = (b"cache-control", b"no-cache")
JSON = (b"content-type", b"application/json")
SAID: dict[str, dict[str, Any]] = {
    "anthropic": {},
    "openai_chat": {},
    "openai_completions": {"body": {"model": "big", "prompt": "hi"}},
    "openai_responses": {"body": {"model": "big", "input": "hi"}},
    "gemini": {"body": {"contents": [{"parts": [{"text": "hi"}]}]}, "query": "alt=sse"},
}


def play(client: str, config: dict[str, Any], *, stream: bool, **asked: Any) -> Play:
    """An exchange that one key may answer."""
    settings = {"openai-compatibility": [chat("sim")], **config}
    return Stage(settings).play(client=client, stream=stream, **{**SAID[client], **asked})


def streaming(client: str, **settings: int) -> Pace | None:
    keys = {name.replace("_", "-"): value for name, value in settings.items()}
    return play(client, {"streaming": keys}, stream=True).conductor.pace


@pytest.mark.parametrize("client", SAID)
def test_a_stream_hears_the_keep_alive_of_its_dialect(client: str) -> None:
    data = b"\n" if client == "gemini" else b": keep-alive\n\n"
    events = (b"content-type", b"text/event-stream" if client == "gemini" else b"text/event-stream; charset=utf-8")
    assert streaming(client, keepalive_seconds=15) == Pace(15, 15, data, ReplyHead(200, (events, NO_CACHE, *IDS)))


def test_a_stream_that_is_an_array_says_so() -> None:
    waiting = play("gemini", {"streaming": {"keepalive-seconds": 15}}, stream=True, query="").conductor.pace
    assert waiting is not None
    assert waiting.data == b"\n"
    assert waiting.head.headers[0] == (b"content-type", b"application/json; charset=utf-8")


@pytest.mark.parametrize(
    ("settings", "first_s", "interval_s"),
    [
        ({"keepalive_seconds": 15, "early_commit_seconds": 40}, 40, 15),
        ({"keepalive_seconds": 15, "early_commit_seconds": 5}, 5, 15),
        ({"early_commit_seconds": 40}, 40, float("inf")),
    ],
)
def test_the_first_keep_alive_has_a_time_of_its_own(
    settings: dict[str, int], first_s: float, interval_s: float
) -> None:
    waiting = streaming("anthropic", **settings)
    assert waiting is not None
    assert (waiting.first_s, waiting.interval_s) == (first_s, interval_s)


@pytest.mark.parametrize("operation", ["generate", "count_tokens", "compact"])
def test_a_whole_reply_has_newlines_before_it(operation: str) -> None:
    body = SAID["openai_responses"]["body"]
    one = play("openai_responses", {"nonstream-keepalive-interval": 9}, stream=False, operation=operation, body=body)
    assert one.conductor.pace == Pace(9, 9, b"\n", ReplyHead(200, (JSON, *IDS)))


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("off", [0, -1])
def test_it_is_off_by_default_and_below_1(off: int, stream: bool) -> None:
    assert play("anthropic", {}, stream=stream).conductor.pace is None
    switched = {"streaming": {"keepalive-seconds": off}, "nonstream-keepalive-interval": off}
    assert play("anthropic", switched, stream=stream).conductor.pace is None


def test_each_is_for_its_own_kind_of_reply() -> None:
    assert play("anthropic", {"streaming": {"keepalive-seconds": 1}}, stream=False).conductor.pace is None
    assert play("anthropic", {"nonstream-keepalive-interval": 1}, stream=True).conductor.pace is None


def test_an_error_behind_keep_alives_is_a_frame_of_the_stream() -> None:
    one = play("openai_chat", {}, stream=True)
    refuse(one.attempt(), 401)
    answer = one.answer()
    assert answer.frame.startswith(b"data: ")
    assert json.loads(answer.frame.removeprefix(b"data: ").partition(b"\n\n")[0]) == json.loads(answer.body)


def test_an_error_behind_keep_alives_is_the_only_element_of_an_array() -> None:
    unservable = {**SAID["gemini"]["body"], "cachedContent": "cachedContents/abc"}
    answer = play("gemini", {}, stream=True, query="", body=unservable).answer()
    assert json.loads(b"\n\n" + answer.frame) == [json.loads(answer.body)]


@pytest.mark.parametrize("status", [400, 401], ids=["the vendor's own words", "ours"])
def test_an_error_behind_newlines_is_the_body(status: int) -> None:
    one = play("openai_chat", {}, stream=False)
    refuse(one.attempt(), status, b'{"error": {"message": "no", "type": "invalid_request_error"}}')
    answer = one.answer()
    assert answer.frame == answer.body
    assert json.loads(answer.body)["error"]


def test_an_estimate_behind_newlines_is_the_body() -> None:
    one = play("anthropic", {}, stream=False, operation="count_tokens")
    answer = one.answer()
    assert answer.frame == answer.body
    assert json.loads(answer.frame)["input_tokens"] > 0
