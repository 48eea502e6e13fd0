import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from addons.access import ANYONE
from addons.accounts import from_settings
from addons.attempt import UpstreamAttempt
from addons.conduct import MAX_ATTEMPTS, Conductors, ExchangeConductor
from addons.exchange import Answer, Breakage, Exchange, Head, Step, Wait
from addons.route import Router
from addons.settings import parse
from addons.usage.record import UsageRecord
from translators import registry
from translators.dialect import Operation

CHAT_HEAD = ((b"content-type", b"application/json"),)
CHAT_REPLY = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "big",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
    }
).encode()


class Kept:
    """A sink that keeps its records."""

    def __init__(self) -> None:
        self.records: list[UsageRecord] = []

    def take(self, record: UsageRecord) -> None:
        self.records.append(record)


class Stage:
    """An exchange of an Anthropic client for the model `big`. Time stands still.

    `keys` chat credentials serve it; where the `operation` is to count, one of the client's own dialect.
    """

    def __init__(self, keys: int = 2, config: Mapping[str, Any] | None = None, operation: str = "generate") -> None:
        entries = [{"api-key": f"test-key-{number}"} for number in range(1, keys + 1)]
        provider = {
            "name": "sim",
            "base-url": "http://127.0.0.1:9/v1",
            "api-key-entries": entries,
            "models": [{"name": "big-upstream", "alias": "big"}],
        }
        sections: dict[str, Any] = {"openai-compatibility": [provider]}
        if operation == "count_tokens":
            models = [{"name": "big"}]
            sections = {"claude-api-key": [{"api-key": "k-1", "base-url": "http://127.0.0.1:9", "models": models}]}
        settings = parse(json.dumps({**sections, **(config or {})})).settings
        credentials = from_settings.credentials(settings)
        self.now_s = 1000.0
        self.sink = Kept()
        shared = Conductors(from_settings.pools(credentials, settings), settings, self.sink, lambda: self.now_s)
        body = {"model": "big", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]}
        self.exchange = Exchange(
            id="00000000-0000",
            client=registry.dialect("anthropic"),
            operation=Operation(operation),
            body=json.dumps(body).encode(),
            headers={},
            model="big",
            stream=False,
            client_name=ANYONE,
            received_s=self.now_s,
        )
        candidates = Router(settings, credentials).candidates("big")
        self.conductor: ExchangeConductor = shared.conduct(self.exchange, candidates)

    def next(self) -> Step:
        """The conductor's next step."""
        return asyncio.run(self.conductor.next())

    def attempt(self) -> UpstreamAttempt:
        """The next step, which must be an attempt."""
        step = self.next()
        assert isinstance(step, UpstreamAttempt), step
        return step


def refuse(attempt: UpstreamAttempt, status: int, body: bytes = b"{}", **headers: str) -> None:
    """The upstream answers with an error."""
    pairs = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
    attempt.opened(status, (*CHAT_HEAD, *pairs))
    assert attempt.feed(body) == b""
    assert attempt.close() == b""
    assert attempt.head is Head.FAILED


def answer_of(step: Step) -> Answer:
    """The step, which must be an answer."""
    assert isinstance(step, Answer), step
    return step


def test_each_attempt_takes_another_credential_and_the_same_translated_body() -> None:
    stage = Stage(keys=3)
    requests = []
    for _ in range(3):
        attempt = stage.attempt()
        requests.append(attempt.request)
        refuse(attempt, 500)
    assert {dict(request.headers)[b"authorization"] for request in requests} == {
        b"Bearer test-key-1",
        b"Bearer test-key-2",
        b"Bearer test-key-3",
    }
    assert len({request.body for request in requests}) == 1
    assert json.loads(requests[0].body)["model"] == "big-upstream"


def test_when_all_have_failed_one_429_tells_who_and_why_and_when() -> None:
    stage = Stage(keys=2)
    refuse(stage.attempt(), 429, b'{"error": {"message": "slow down"}}', retry_after="30")
    refuse(stage.attempt(), 401, b'{"error": {"message": "bad key test-key-2"}}')
    answer = answer_of(stage.next())
    said = json.loads(answer.body)["error"]
    assert answer.status == 429
    assert said["type"] == "rate_limit_error"
    assert dict(answer.headers)[b"retry-after"] == b"30"
    for record in stage.exchange.attempts:
        assert record.credential in said["message"]
    assert "slow down" in said["message"]
    assert "test-key" not in answer.body.decode() + answer.frame.decode()


def test_a_fault_of_the_request_is_not_asked_twice_and_keeps_the_vendors_words() -> None:
    stage = Stage(keys=2)
    body = b'{"error": {"message": "max_tokens is too large", "type": "invalid_request_error"}}'
    refuse(stage.attempt(), 400, body)
    answer = answer_of(stage.next())
    assert answer.status == 400
    assert json.loads(answer.body)["error"] == {"type": "invalid_request_error", "message": "max_tokens is too large"}


def test_after_a_fault_that_passes_the_next_request_may_try_at_once() -> None:
    stage = Stage(keys=1)
    refuse(stage.attempt(), 500)
    answer = answer_of(stage.next())
    assert dict(answer.headers)[b"retry-after"] == b"1"


def test_a_model_that_no_upstream_has_is_a_404_and_not_a_429() -> None:
    stage = Stage(keys=2)
    body = b'{"error": {"message": "The model `big-upstream` does not exist", "code": "model_not_found"}}'
    refuse(stage.attempt(), 404, body)
    refuse(stage.attempt(), 404, body)
    answer = answer_of(stage.next())
    assert answer.status == 404
    assert json.loads(answer.body)["error"]["type"] == "not_found_error"
    assert b"retry-after" not in dict(answer.headers)


def test_a_missing_model_beside_a_limit_is_worth_another_try() -> None:
    stage = Stage(keys=2)
    refuse(stage.attempt(), 404, b'{"error": {"message": "no such model", "code": "model_not_found"}}')
    refuse(stage.attempt(), 429)
    assert answer_of(stage.next()).status == 429


def test_another_round_waits_until_the_first_is_free() -> None:
    stage = Stage(keys=2, config={"request-retry": 1, "max-retry-interval": 60})
    refuse(stage.attempt(), 429, retry_after="20")
    refuse(stage.attempt(), 429, retry_after="40")
    assert stage.next() == Wait(20.0)
    stage.now_s += 20.0
    again = stage.attempt()
    assert again.number == 3
    refuse(again, 429, retry_after="20")
    assert answer_of(stage.next()).status == 429


def test_a_wait_longer_than_the_config_allows_is_an_answer_instead() -> None:
    stage = Stage(keys=1, config={"request-retry": 3, "max-retry-interval": 5})
    refuse(stage.attempt(), 429, retry_after="20")
    assert answer_of(stage.next()).status == 429


def test_max_retry_credentials_bounds_a_round() -> None:
    stage = Stage(keys=3, config={"max-retry-credentials": 2})
    refuse(stage.attempt(), 500)
    refuse(stage.attempt(), 500)
    assert answer_of(stage.next()).status == 429


def test_attempts_are_bounded_however_many_credentials_there_are() -> None:
    stage = Stage(keys=MAX_ATTEMPTS + 5)
    for _ in range(MAX_ATTEMPTS):
        refuse(stage.attempt(), 500)
    assert answer_of(stage.next()).status == 429


def test_a_broken_connection_goes_to_the_next_credential() -> None:
    stage = Stage(keys=2)
    first = stage.attempt()
    assert first.broken(Breakage.CONNECT, "connection refused") == b""
    second = stage.attempt()
    assert second.request.headers != first.request.headers


def test_a_reply_ends_in_one_record_with_its_tokens() -> None:
    stage = Stage(keys=1)
    attempt = stage.attempt()
    attempt.opened(200, CHAT_HEAD)
    assert attempt.feed(CHAT_REPLY) == b""
    body = attempt.close()
    assert attempt.head is Head.OPEN
    assert json.loads(body)["model"] == "big"
    stage.conductor.finished(200, len(body))
    (record,) = stage.sink.records
    assert record.usage is not None
    assert (record.usage.input_tokens, record.usage.output_tokens) == (3, 1)
    assert (record.provider, record.upstream_model, record.status) == ("sim", "big-upstream", 200)
    assert "test-key" not in repr(record)


def test_a_client_that_leaves_rests_nobody() -> None:
    stage = Stage(keys=1)
    attempt = stage.attempt()
    stage.conductor.finished(None, 0)
    assert attempt.outcome is not None
    assert attempt.outcome.kind == "cancelled"
    assert isinstance(Stage(keys=1).next(), UpstreamAttempt)


@pytest.mark.parametrize("status", [404, 500])
def test_a_token_count_that_the_upstream_can_not_give_is_estimated(status: int) -> None:
    stage = Stage(operation="count_tokens")
    refuse(stage.attempt(), status)
    answer = answer_of(stage.next())
    assert answer.status == 200
    assert dict(answer.headers)[b"x-cliproxy-estimate"] == b"true"
    assert json.loads(answer.body)["input_tokens"] > 0


def test_a_token_count_of_the_upstream_passes_as_it_is() -> None:
    stage = Stage(operation="count_tokens")
    attempt = stage.attempt()
    assert attempt.request.path == "/v1/messages/count_tokens"
    attempt.opened(200, CHAT_HEAD)
    attempt.feed(b'{"input_tokens": 7}')
    assert attempt.close() == b'{"input_tokens": 7}'
