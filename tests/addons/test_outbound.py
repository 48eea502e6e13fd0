"""What goes out to an upstream."""

import base64
import json
from typing import Any

import pytest

from addons.exchange import Breakage, Egress
from tests.support.conducting import Stage, chat, key_of, refuse, reply

MODELS = [{"name": "big"}]
RESPONSES = {"model": "big", "input": "hi"}


def gemini(**more: Any) -> dict[str, Any]:
    return {"api-key": "k-1", "base-url": "http://g.test", "models": MODELS, **more}


def asked(stage: Stage, *, client: str, query: str = "", stream: bool = False, operation: str = "generate") -> str:
    """Where the request of a client goes to."""
    play = stage.play(client=client, operation=operation, body={"contents": []})
    play.exchange.query, play.exchange.stream = query, stream
    return play.attempt().request.path


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "?alt=sse"),
        ("alt=sse", "?alt=sse"),
        ("alt=json&fields=x", "?alt=sse&fields=x"),
        ("%61lt=sse&%24fields=x", "?alt=sse&%24fields=x"),
    ],
)
def test_what_a_path_says_by_itself_is_not_said_twice(query: str, expected: str) -> None:
    path = asked(Stage({"gemini-api-key": [gemini()]}), client="gemini", query=query, stream=True)
    assert path == "/v1beta/models/big:streamGenerateContent" + expected


def test_a_clients_query_goes_to_its_own_vendor_only() -> None:
    key = {"api-key": "k-1", "base-url": "http://a.test", "models": MODELS}
    own = Stage({"claude-api-key": [key]}).play()
    own.exchange.query = "beta=true"
    assert own.attempt().request.path == "/v1/messages?beta=true"
    foreign = Stage({"openai-compatibility": [chat("a")]}).play()
    foreign.exchange.query = "beta=true"
    assert foreign.attempt().request.path == "/v1/chat/completions"


def test_a_compaction_goes_out_in_the_dialect_that_a_provider_has_for_it() -> None:
    play = Stage({"openai-compatibility": [chat("a")]}).play(
        client="openai_responses", operation="compact", body={**RESPONSES, "stream": True}
    )
    attempt = play.attempt()
    assert attempt.request.path == "/v1/responses/compact"
    assert json.loads(attempt.request.body) == {"model": "big-upstream", "input": "hi"}
    attempt.opened(200, ((b"content-type", b"application/json"),))
    attempt.feed(b'{"id": "resp_1", "output": [], "model": "big-upstream"}')
    assert json.loads(attempt.close())["model"] == "big"


def test_what_one_dialect_can_not_carry_goes_to_an_upstream_that_reads_it() -> None:
    key = {"api-key": "k-1", "base-url": "http://a.test", "models": MODELS, "priority": 0}
    odd = {"model": "big", "messages": [{"role": "user", "content": [{"type": "text", "text": 7}]}]}
    both = Stage({"claude-api-key": [key], "openai-compatibility": [chat("a", priority=-1)]})
    play = both.play(client="openai_chat", body=odd)
    assert key_of(play.attempt()) == "a-k-1"
    alone = Stage({"claude-api-key": [key]})
    answer = alone.play(client="openai_chat", body=odd).answer()
    assert answer.status == 400
    assert b"messages[0]" in answer.body
    assert both.in_use() + alone.in_use() == 1


def test_a_rule_lets_a_request_go_on_and_the_vendors_last_word_is_told_when_it_was_the_request_after_all() -> None:
    rules = [{"status": 400, "match": ["tenant"], "action": "continue"}]
    one = Stage({"openai-compatibility": [chat("a", ["k-1", "k-2"], request_scoped_errors=rules)]})
    helped = one.play()
    refuse(helped.attempt(), 400, b'{"error": {"message": "your tenant is odd"}}')
    reply(helped.attempt())
    lost = one.play(client="openai_chat")
    body = b'{"error": {"message": "any tenant is odd"}}'
    refuse(lost.attempt(), 400, body)
    refuse(lost.attempt(), 400, body)
    answer = lost.answer()
    assert (answer.status, answer.body) == (400, body)


def test_a_rule_stops_a_request_with_the_vendors_refusal() -> None:
    rules = [{"status": 503, "match": ["closed"], "action": "stop"}]
    one = Stage({"openai-compatibility": [chat("a", ["k-1", "k-2"], request_scoped_errors=rules)]})
    play = one.play(client="openai_chat")
    refuse(play.attempt(), 503, b'{"error": {"message": "closed for today"}}', retry_after="3600")
    answer = play.answer()
    assert (answer.status, answer.body) == (503, b'{"error": {"message": "closed for today"}}')
    assert dict(answer.headers)[b"retry-after"] == b"3600"


def test_what_a_provider_insists_on_is_worked_out_once_for_all_its_keys() -> None:
    key = {"base-url": "http://c.test", "models": MODELS}
    one = Stage({"codex-api-key": [{**key, "api-key": "k-1"}, {**key, "api-key": "k-2"}]})
    play = one.play(client="openai_responses", body=RESPONSES)
    first = play.attempt()
    refuse(first, 500)
    assert play.attempt().request.body is first.request.body


def test_counting_is_told_to_a_dialect_that_must_know() -> None:
    one = Stage({"gemini-api-key": [gemini()]})
    assert asked(one, client="gemini", operation="count_tokens") == "/v1beta/models/big:countTokens"


def test_a_header_of_the_config_is_masked_in_a_refusal_unless_it_is_too_short_for_a_secret() -> None:
    extra = {"x-org": "1", "x-tenant": "tenant-secret-7", "x-empty": "$X-Nothing"}
    play = Stage({"openai-compatibility": [chat("a", headers=extra)]}).play(
        client="openai_chat", headers={"x-nothing": ""}
    )
    refuse(play.attempt(), 400, b'{"error": {"message": "tenant-secret-7 has 1 fault", "code": 1}}')
    assert play.answer().body == b'{"error": {"message": "*** has 1 fault", "code": 1}}'


def test_the_login_of_a_proxy_is_masked_where_the_proxy_repeats_it() -> None:
    play = Stage({"openai-compatibility": [chat("a", proxy_url="http://me:test-password-1@127.0.0.1:3128")]}).play()
    attempt = play.attempt()
    assert attempt.request.egress == Egress("http", "127.0.0.1", 3128, "me", "test-password-1")
    login = base64.b64encode(b"me:test-password-1").decode()
    attempt.broken(Breakage.CONNECT, f"the proxy said: 407 no Basic {login} or test-password-1")
    assert "407 no Basic *** or ***" in attempt.note
    assert b"407 no Basic *** or ***" in play.answer().body
