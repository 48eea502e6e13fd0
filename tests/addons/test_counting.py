"""Who counts the tokens of a prompt, and what a count that failed says of those who were asked."""

import json
from typing import Any, Final

import pytest

from addons.exchange import Answer, Breakage
from tests.support.conducting import HI, JSON_HEAD, Play, Stage, chat, refuse
from translators.registry import dialect

MODELS: Final = [{"name": "big-upstream", "alias": "big"}]
SECTIONS: Final = {
    "anthropic": "claude-api-key",
    "gemini": "gemini-api-key",
    "openai_responses": "codex-api-key",
}
PATHS: Final = {
    "anthropic": "/v1/messages/count_tokens",
    "gemini": "/v1beta/models/big-upstream:countTokens",
    "openai_responses": "/responses/input_tokens",
}
BODIES: Final[dict[str, dict[str, Any]]] = {
    "anthropic": {"model": "big", "messages": HI},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    "openai_responses": {"model": "big", "input": "hi"},
}
FOREIGN: Final = [(client, upstream) for client in PATHS for upstream in PATHS if client != upstream]
NAMED: Final = b'{"error": {"message": "The model `big-upstream` was not found", "code": "model_not_found"}}'


def key(number: int = 1, **more: Any) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return {"api-key": f"test-key-{number}", "base-url": f"http://{number}.test", "models": MODELS, **named}


def serving(upstream: str, keys: int = 1, **config: Any) -> Stage:
    more = {name.replace("_", "-"): value for name, value in config.items()}
    return Stage({SECTIONS[upstream]: [key(number) for number in range(1, keys + 1)], **more})


def count(stage: Stage, client: str, **more: Any) -> Play:
    return stage.play(**{"client": client, "operation": "count_tokens", "body": BODIES[client], **more})


def counted(answer: Answer, client: str) -> int:
    """What our own answer says, which is marked."""
    assert (answer.status, dict(answer.headers)[b"x-cliproxy-estimate"]) == (200, b"true")
    return tokens_in(answer.body, client)


def tokens_in(body: bytes, client: str) -> int:
    counting = dialect(client).counting
    assert counting is not None
    return counting.tokens(body)


@pytest.mark.parametrize(("client", "upstream"), FOREIGN)
def test_a_foreign_vendor_counts_and_the_client_hears_it_in_its_own_words(client: str, upstream: str) -> None:
    play = count(serving(upstream), client)
    attempt = play.attempt()
    assert attempt.request.path == PATHS[upstream]
    attempt.opened(200, JSON_HEAD)
    attempt.feed(dialect(upstream).count_reply(4711))
    assert attempt.close() == dialect(client).count_reply(4711)
    assert attempt.reply is not None
    headers = dict(attempt.reply.headers)
    assert headers[b"x-cliproxy-model"] == b"big-upstream"
    assert headers[b"x-cliproxy-losses"] == b"0"
    assert b"x-cliproxy-estimate" not in headers


def test_who_can_not_count_is_passed_over() -> None:
    stage = Stage({"openai-compatibility": [chat("a", priority=9)], "gemini-api-key": [key()]})
    assert count(stage, "anthropic").attempt().request.path == PATHS["gemini"]
    grok = Stage({"xai-api-key": [key()], "openai-compatibility": [chat("a")]})
    assert counted(count(grok, "anthropic").answer(), "anthropic") > 0


def test_a_count_is_under_the_prompt_rules_of_its_client() -> None:
    rule = {"name": "style", "enabled": True, "target": "system", "action": "inject", "content": "Be kind."}
    play = count(serving("gemini", prompt_rules=[rule]), "anthropic")
    whole = json.loads(play.attempt().request.body)["generateContentRequest"]
    assert whole["systemInstruction"] == {"parts": [{"text": "Be kind."}]}


@pytest.mark.parametrize(
    ("client", "upstream", "status", "body"),
    [
        *((*pair, status, b"{}") for pair in [("anthropic", "anthropic"), *FOREIGN] for status in (404, 405, 500, 501)),
        *((*pair, 404, NAMED) for pair in [("gemini", "gemini"), *FOREIGN]),
        ("anthropic", "gemini", 404, b"<html>no"),
        ("anthropic", "gemini", 200, b"{}"),
        ("anthropic", "anthropic", 200, b"<html>"),
    ],
)
def test_a_count_that_fails_is_estimated_and_rests_nothing(
    client: str, upstream: str, status: int, body: bytes
) -> None:
    stage = serving(upstream)
    play = count(stage, client)
    attempt = play.attempt()
    attempt.opened(status, JSON_HEAD)
    assert attempt.feed(body) + attempt.close() == b""
    assert counted(play.answer(), client) > 0
    assert [pool.blocked(stage.now_s, "big-upstream") for pool in stage.pools.values()] == [()]
    assert stage.play(client=client, body=BODIES[client]).attempt()


@pytest.mark.parametrize("how", Breakage)
def test_an_upstream_that_breaks_while_it_counts_rests_only_where_nobody_is_there(how: Breakage) -> None:
    stage = serving("gemini")
    play = count(stage, "anthropic")
    attempt = play.attempt()
    assert attempt.request.silence_timeout_s < 60 < stage.play().attempt().request.silence_timeout_s
    attempt.broken(how, "gone")
    assert counted(play.answer(), "anthropic") > 0
    (pool,) = stage.pools.values()
    assert bool(pool.blocked(stage.now_s, "big-upstream")) is (how is Breakage.CONNECT)


@pytest.mark.parametrize(("status", "rests"), [(401, True), (403, True), (429, False), (400, False)])
def test_a_count_that_speaks_of_the_credential_rests_it(status: int, rests: bool) -> None:
    stage = serving("gemini")
    play = count(stage, "anthropic")
    refuse(play.attempt(), status)
    assert counted(play.answer(), "anthropic") > 0
    (pool,) = stage.pools.values()
    assert bool(pool.blocked(stage.now_s, "big-upstream")) is rests


@pytest.mark.parametrize(("status", "body"), [(429, b"{}"), (404, NAMED), (404, b"{}"), (405, b"{}"), (500, b"{}")])
def test_who_can_not_count_now_is_not_asked_again_at_once(status: int, body: bytes) -> None:
    stage = serving("gemini")
    play = count(stage, "anthropic")
    refuse(play.attempt(), status, body)
    assert counted(play.answer(), "anthropic") > 0
    assert counted(count(stage, "anthropic").answer(), "anthropic") > 0
    assert stage.play(client="gemini", body=BODIES["gemini"]).attempt()


def test_a_model_that_is_missing_rests_all_the_same_where_it_was_to_answer() -> None:
    stage = serving("gemini")
    refuse(stage.play(client="gemini", body=BODIES["gemini"]).attempt(), 404, NAMED)
    (pool,) = stage.pools.values()
    assert pool.blocked(stage.now_s, "big-upstream")


def test_a_fault_of_the_clients_own_words_is_told_and_one_of_ours_is_estimated() -> None:
    body = b'{"error": {"type": "invalid_request_error", "message": "messages: too odd"}}'
    own, foreign = count(serving("anthropic", 2), "anthropic"), count(serving("anthropic", 2), "gemini")
    refuse(own.attempt(), 400, body)
    answer = own.answer()
    assert (answer.status, answer.body) == (400, body)
    refuse(foreign.attempt(), 400, body)
    assert counted(foreign.answer(), "gemini") > 0


def test_another_key_may_count_where_one_can_not() -> None:
    play = count(serving("gemini", 2), "anthropic")
    refuse(play.attempt(), 429)
    second = play.attempt()
    second.opened(200, JSON_HEAD)
    second.feed(b'{"totalTokens": 3}')
    assert json.loads(second.close()) == {"input_tokens": 3}


@pytest.mark.parametrize("status", [500, 429])
def test_a_count_is_asked_in_one_round_and_waits_for_nobody(status: int) -> None:
    stage = serving("gemini", request_retry=3, max_retry_interval=60)
    play = count(stage, "anthropic")
    refuse(play.attempt(), status)
    assert counted(play.answer(), "anthropic") > 0


def test_of_many_keys_only_some_are_asked_to_count() -> None:
    play = count(serving("gemini", 9), "anthropic")
    for _ in range(3):
        refuse(play.attempt(), 404)
    assert counted(play.answer(), "anthropic") > 0


def test_a_request_that_can_not_be_read_is_told_so() -> None:
    answer = count(serving("anthropic"), "gemini", body={"contents": "hello"}).answer()
    assert (answer.status, json.loads(answer.body)["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_a_route_does_not_leave_a_model_because_it_can_not_count() -> None:
    route = {"alias": "best", "models": ["one", "two"], "cooldown-seconds": 600}
    one, two = ([{"name": name, "alias": name}] for name in ("one", "two"))
    keys = [key(1, models=one), key(2, models=two)]
    stage = Stage({"gemini-api-key": keys, "model-routes": [route]})
    play = count(stage, "anthropic", model="best", body={"model": "best", "messages": HI})
    refuse(play.attempt(), 404)
    second = play.attempt()
    assert second.request.path == "/v1beta/models/two:countTokens"
    second.opened(200, JSON_HEAD)
    said = second.feed(b'{"totalTokens": 3}') + second.close()
    play.conductor.finished(200, len(said))
    assert "models/one:" in stage.play(model="best").attempt().request.path


def test_what_a_relay_insists_on_is_nothing_that_a_count_refuses() -> None:
    body = json.loads(count(serving("openai_responses"), "anthropic").attempt().request.body)
    assert body.keys() == {"model", "input", "instructions"}


def test_vertex_counts_a_whole_request_of_a_gemini_client() -> None:
    whole = {"model": "models/big", "systemInstruction": {"parts": [{"text": "x"}]}, **BODIES["gemini"]}
    stage = Stage({"vertex-api-key": [key()]})
    play = count(stage, "gemini", body={"generateContentRequest": whole})
    sent = json.loads(play.attempt().request.body)
    assert sent == {"systemInstruction": whole["systemInstruction"], "contents": whole["contents"]}
