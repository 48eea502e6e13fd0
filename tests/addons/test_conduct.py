"""Which attempts an exchange makes, and what it says when none of them helped."""

import json
from typing import Any

import pytest

from addons.attempt import UpstreamAttempt
from addons.exchange import Breakage, Head, Wait
from addons.rounds import MAX_ATTEMPTS
from tests.support.conducting import CHAT_REPLY, JSON_HEAD, Play, Stage, chat, refuse, reply
from translators import stream_of


def play(keys: int = 2, **config: Any) -> Play:
    """An exchange that so many keys of one provider may answer. `config` in snake case."""
    entry = chat("sim", [str(number) for number in range(1, keys + 1)])
    return Stage(
        {"openai-compatibility": [entry], **{key.replace("_", "-"): value for key, value in config.items()}}
    ).play()


def counting() -> Play:
    """A client that wants its tokens counted by the one key of its own vendor."""
    key = {"api-key": "k-1", "base-url": "http://127.0.0.1:9", "models": [{"name": "big"}]}
    return Stage({"claude-api-key": [key]}).play(operation="count_tokens")


def test_each_attempt_takes_another_credential_and_the_same_translated_body() -> None:
    one = play(3)
    requests = []
    for _ in range(3):
        attempt = one.attempt()
        requests.append(attempt.request)
        refuse(attempt, 500)
    assert {dict(request.headers)[b"authorization"] for request in requests} == {
        b"Bearer sim-1",
        b"Bearer sim-2",
        b"Bearer sim-3",
    }
    assert len({request.body for request in requests}) == 1
    assert json.loads(requests[0].body)["model"] == "big-upstream"


def test_when_all_have_failed_one_429_tells_who_and_why_and_when() -> None:
    one = play(2)
    refuse(one.attempt(), 429, b'{"error": {"message": "slow down"}}', retry_after="30")
    refuse(one.attempt(), 401, b'{"error": {"message": "bad key sim-2"}}')
    answer = one.answer()
    said = json.loads(answer.body)["error"]
    assert answer.status == 429
    assert said["type"] == "rate_limit_error"
    assert dict(answer.headers)[b"retry-after"] == b"30"
    for record in one.exchange.attempts:
        assert record.credential in said["message"]
    assert "slow down" in said["message"]
    assert "sim-2" not in answer.body.decode() + answer.frame.decode()


def test_a_fault_of_the_request_is_not_asked_twice_and_keeps_the_vendors_words() -> None:
    one = play(2)
    body = b'{"error": {"message": "max_tokens is too large", "type": "invalid_request_error"}}'
    refuse(one.attempt(), 400, body)
    answer = one.answer()
    assert answer.status == 400
    assert json.loads(answer.body)["error"] == {"type": "invalid_request_error", "message": "max_tokens is too large"}


def test_after_a_fault_that_passes_the_next_request_may_try_at_once() -> None:
    one = play(1)
    refuse(one.attempt(), 500)
    answer = one.answer()
    assert dict(answer.headers)[b"retry-after"] == b"1"


def test_a_model_that_no_upstream_has_is_a_404_and_not_a_429() -> None:
    one = play(2)
    body = b'{"error": {"message": "The model `big-upstream` does not exist", "code": "model_not_found"}}'
    refuse(one.attempt(), 404, body)
    refuse(one.attempt(), 404, body)
    answer = one.answer()
    assert answer.status == 404
    assert json.loads(answer.body)["error"]["type"] == "not_found_error"
    assert b"retry-after" not in dict(answer.headers)


def test_a_missing_model_beside_a_limit_is_worth_another_try() -> None:
    one = play(2)
    refuse(one.attempt(), 404, b'{"error": {"message": "no such model", "code": "model_not_found"}}')
    refuse(one.attempt(), 429)
    assert one.answer().status == 429


def test_another_round_waits_until_the_first_is_free() -> None:
    one = play(2, request_retry=1, max_retry_interval=60)
    refuse(one.attempt(), 429, retry_after="20")
    refuse(one.attempt(), 429, retry_after="40")
    assert one.next() == Wait(20.0)
    one.stage.now_s += 20.0
    again = one.attempt()
    assert again.number == 3
    refuse(again, 429, retry_after="20")
    assert one.answer().status == 429


def test_a_wait_longer_than_the_config_allows_is_an_answer_instead() -> None:
    one = play(1, request_retry=3, max_retry_interval=5)
    refuse(one.attempt(), 429, retry_after="20")
    assert one.answer().status == 429


def test_max_retry_credentials_bounds_a_round() -> None:
    one = play(3, max_retry_credentials=2)
    refuse(one.attempt(), 500)
    refuse(one.attempt(), 500)
    assert one.answer().status == 429


def test_attempts_are_bounded_however_many_credentials_there_are() -> None:
    one = play(MAX_ATTEMPTS + 5)
    for _ in range(MAX_ATTEMPTS):
        refuse(one.attempt(), 500)
    assert one.answer().status == 429


def test_a_broken_connection_goes_to_the_next_credential() -> None:
    one = play(2)
    first = one.attempt()
    assert first.broken(Breakage.CONNECT, "connection refused") == b""
    second = one.attempt()
    assert second.request.headers != first.request.headers


def test_a_reply_ends_in_one_record_with_its_tokens() -> None:
    one = play(1)
    attempt = one.attempt()
    attempt.opened(200, JSON_HEAD)
    assert attempt.feed(CHAT_REPLY) == b""
    body = attempt.close()
    assert attempt.head is Head.OPEN
    assert json.loads(body)["model"] == "big"
    one.conductor.finished(200, len(body))
    (record,) = one.stage.sink.records
    assert record.usage is not None
    assert (record.usage.input_tokens, record.usage.output_tokens) == (3, 1)
    assert (record.provider, record.upstream_model, record.status) == ("sim", "big-upstream", 200)
    assert "sim-1" not in repr(record)


def test_a_client_that_leaves_once_it_has_heard_everything_has_had_its_reply() -> None:
    one = play(1)
    one.conductor.finished(None, len(reply(one.attempt())))
    (record,) = one.stage.sink.records
    assert (record.status, record.usage is not None) == (200, True)


def test_a_client_that_leaves_rests_nobody() -> None:
    one = play(1)
    attempt = one.attempt()
    one.conductor.finished(None, 0)
    assert attempt.outcome is not None
    assert attempt.outcome.kind == "cancelled"
    assert isinstance(play(1).next(), UpstreamAttempt)


@pytest.mark.parametrize("status", [404, 500])
def test_a_token_count_that_the_upstream_can_not_give_is_estimated(status: int) -> None:
    one = counting()
    refuse(one.attempt(), status)
    answer = one.answer()
    assert answer.status == 200
    assert dict(answer.headers)[b"x-cliproxy-estimate"] == b"true"
    assert json.loads(answer.body)["input_tokens"] > 0


def test_a_token_count_of_the_upstream_passes_as_it_is() -> None:
    one = counting()
    attempt = one.attempt()
    assert attempt.request.path == "/v1/messages/count_tokens"
    attempt.opened(200, JSON_HEAD)
    attempt.feed(b'{"input_tokens": 7}')
    assert attempt.close() == b'{"input_tokens": 7}'


def test_a_client_that_leaves_before_it_has_heard_anything_has_had_no_reply() -> None:
    one = play(1)
    reply(one.attempt())
    one.conductor.finished(None, 0)
    (record,) = one.stage.sink.records
    assert record.status is None


def test_who_can_not_be_told_what_the_client_says_is_not_the_reason_where_others_have_failed() -> None:
    models = {"models": [{"name": "big"}]}
    sound = {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}
    body = {"contents": [{"role": "model", "parts": [sound]}]}
    deaf = {"codex-api-key": [{"api-key": "k-1", "base-url": "http://deaf.test", "priority": 1, **models}]}
    hearing = {"gemini-api-key": [{"api-key": "k-2", "base-url": "http://hearing.test", **models}]}
    one = Stage({**deaf, **hearing}).play(client="gemini", body=body)
    attempt = one.attempt()
    assert attempt.request.host == "hearing.test"
    refuse(attempt, 500)
    assert one.answer().status == 429
    assert Stage(deaf).play(client="gemini", body=body).answer().status == 400


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_of_the_clients_own_vendor_keeps_its_bytes_and_its_hint(stream: bool) -> None:
    key = {"api-key": "k-1", "base-url": "http://127.0.0.1:9", "models": [{"name": "big"}]}
    one = Stage({"claude-api-key": [key]}).play(stream=stream)
    said = b'{ "type":"error", "error": {"type":"invalid_request_error","message":"odd"} }'
    refuse(one.attempt(), 400, said, retry_after="7")
    answer = one.answer()
    assert (answer.status, answer.body) == (400, said)
    assert answer.frame.startswith(b"event: error") if stream else answer.frame == said
    assert [value for name, value in answer.headers if name == b"retry-after"] == [b"7"]


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_client_can_not_hold_of_a_stream_goes_back_with_its_next_turn(stream: bool) -> None:
    key = {"api-key": "k-1", "base-url": "http://127.0.0.1:9", "models": [{"name": "big"}]}
    on = Stage({"claude-api-key": [key]})
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    asked: dict[str, Any] = {"model": "big", "messages": [{"role": "user", "content": "hi"}], "tools": [tool]}
    content = [
        {"type": "thinking", "thinking": "so", "signature": "c2lnbmVk"},
        {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}},
    ]
    usage = {"input_tokens": 3, "output_tokens": 4}
    said = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content, "usage": usage}
    whole = json.dumps({**said, "stop_reason": "tool_use", "stop_sequence": None}).encode()
    attempt = on.play(client="openai_chat", body=asked, stream=stream).attempt()
    attempt.opened(200, ((b"content-type", b"text/event-stream"),))
    assert b"look" in attempt.feed(stream_of(whole, "anthropic", "anthropic")) + attempt.close()
    call = {"id": "toolu_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    turn = [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "toolu_1", "content": "x"}]
    again = on.play(client="openai_chat", body={**asked, "messages": [*asked["messages"], *turn]}).attempt()
    assert json.loads(again.request.body)["messages"][1]["content"][0] == content[0]
