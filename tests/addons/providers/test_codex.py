"""Keys of OpenAI's Responses: what goes out with a request, and what a refusal means."""

import json
from typing import Any

import pytest

from addons.accounts.outcome import Outcome, OutcomeKind, Scope
from addons.providers.codex import PROVIDER, classify
from addons.providers.headers import USER_AGENT
from addons.providers.registry import of_section, provider
from translators.dialect import Operation, Target
from translators.dialects.openai_responses import DIALECT
from translators.errors import GatewayError, UpstreamError
from translators.events import error_of

RELAY = "https://chatgpt.com/backend-api/codex"
DATE = "Thu, 09 Oct 2025 08:53:20 GMT"
"""1 760 000 000"""


def judged(status: int, headers: dict[str, str] | None = None, **error: Any) -> Outcome:
    return classify(status, headers or {}, json.dumps({"error": error}).encode())


def inside(error: GatewayError) -> Outcome:
    """What an error in a 200 stream means."""
    return classify(0, {}, DIALECT.encode_error(error))


def test_it_is_found_by_its_section() -> None:
    assert provider("codex") is of_section("codex-api-key") is PROVIDER
    assert PROVIDER.dialect_of(Operation.COMPACT) == "openai_responses"
    assert PROVIDER.path(Operation.COMPACT, "m", stream=False) == "/responses/compact"


@pytest.mark.parametrize(
    ("base_url", "genuine"),
    [("https://api.openai.com/v1", True), (RELAY, False), ("https://api.openai.com.evil.example/v1", False)],
)
def test_only_openais_own_api_gives_whole_replies(base_url: str, genuine: bool) -> None:
    assert PROVIDER.genuine(base_url) is genuine
    assert PROVIDER.streams_only(base_url) is not genuine


def test_duties_are_the_relays() -> None:
    assert PROVIDER.duties is not None
    body = b'{"model":"m","input":"x","temperature":1}'
    assert PROVIDER.duties(body, Target("m", genuine=True)) == (body, ())
    changed, losses = PROVIDER.duties(body, Target("m", stream=True))
    assert json.loads(changed)["store"] is False
    assert [loss.path for loss in losses] == ["$.temperature"]


def test_a_client_keeps_its_identity_and_its_thread_but_not_its_account() -> None:
    client = {
        "user-agent": "codex_exec/0.169.0",
        "originator": "codex_exec",
        "session-id": "s",
        "session_id": "s",
        "thread-id": "t",
        "x-client-request-id": "r",
        "x-codex-window-id": "w",
        "x-codex-turn-metadata": "{}",
        "version": "0.169.0",
        "openai-beta": "x",
        "x-stainless-lang": "python",
    }
    dropped = {
        "authorization": "Bearer x",
        "chatgpt-account-id": "acct",
        "openai-organization": "org",
        "openai-project": "p",
        "cookie": "c",
        "x-api-key": "k",
        "content-encoding": "zstd",
        "host": "h",
    }
    sent = PROVIDER.headers({**client, **dropped})
    assert sent.items() >= client.items()
    assert not sent.keys() & dropped.keys()
    assert PROVIDER.headers({})["user-agent"] == USER_AGENT


def test_a_plan_that_is_used_up_rests_the_credential_until_it_is_full_again() -> None:
    limit = {"type": "usage_limit_reached", "message": "The usage limit has been reached", "plan_type": "plus"}
    for headers, resets, seconds in (
        ({"date": DATE}, {"resets_at": 1_760_000_600, "resets_in_seconds": 5}, 600.0),
        ({"date": DATE}, {"resets_at": 1_700_000_000, "resets_in_seconds": 5}, 5.0),
        ({"retry-after": "7"}, {}, 7.0),
        ({}, {}, None),
    ):
        got = judged(429, headers, **limit, **resets)
        assert (got.kind, got.scope, got.retry_after_s) == (OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL, seconds)
    assert judged(429, type="usage_not_included", message="x").kind is OutcomeKind.FORBIDDEN


def test_it_means_the_same_inside_a_stream() -> None:
    decoder = DIALECT.stream_decoder()
    error = {"type": "usage_limit_reached", "message": "The usage limit has been reached", "resets_in_seconds": 90}
    frame = f"data: {json.dumps({'type': 'error', 'error': error, 'status_code': 429})}\n\n".encode()
    got = inside(error_of(decoder.feed(frame)[-1]))  # type: ignore[arg-type]
    assert (got.kind, got.scope, got.retry_after_s) == (OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL, 90.0)


def test_a_model_at_capacity_rests_alone() -> None:
    got = judged(400, message="Selected model is at capacity. Please try a different model.")
    assert (got.kind, got.scope) == (OutcomeKind.RATE_LIMITED, Scope.MODEL)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"code": "context_length_exceeded", "message": "x"}),
        (500, {"message": "Your input exceeds the context window of this model."}),
        (403, {"code": "cyber_policy", "message": "x"}),
        (400, {"code": "previous_response_not_found", "message": "x"}),
        (404, {"message": "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false."}),
        (400, {"message": "Previous response with previous_response_id 'resp_1' not found."}),
        (400, {"code": "invalid_encrypted_content", "message": "x"}),
        (400, {"code": "string_above_max_length", "message": "x"}),
        (400, {"message": "Unsupported parameter: user"}),
    ],
)
def test_some_refusals_are_the_requests_fault(status: int, error: dict[str, Any]) -> None:
    got = judged(status, **error)
    assert (got.kind, got.another) == (OutcomeKind.REQUEST_FAULT, False)


def test_the_backends_details_are_understood() -> None:
    said = b'{"detail":"The \'gpt-9\' model is not supported when using Codex with a ChatGPT account."}'
    assert classify(400, {}, said).kind is OutcomeKind.MODEL_MISSING
    assert classify(400, {}, b'{"detail":"Unsupported parameter: user"}').kind is OutcomeKind.REQUEST_FAULT


def test_another_credential_is_tried_after_a_cut_stream_and_none_rests() -> None:
    decoder = DIALECT.stream_decoder()
    got = inside(error_of(decoder.close()[-1]))  # type: ignore[arg-type]
    assert (got.kind, got.scope, got.status, got.another) == (OutcomeKind.TRANSIENT, Scope.NOTHING, 408, True)


@pytest.mark.parametrize(
    ("status", "kind", "scope"),
    [
        (401, OutcomeKind.UNAUTHORIZED, Scope.CREDENTIAL),
        (429, OutcomeKind.RATE_LIMITED, Scope.MODEL),
        (503, OutcomeKind.TRANSIENT, Scope.MODEL),
    ],
)
def test_the_rest_goes_by_the_common_rules(status: int, kind: OutcomeKind, scope: Scope) -> None:
    got = judged(status, message="x")
    assert (got.kind, got.scope) == (kind, scope)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b'{"error":{"resets_at":"soon"}}', b'{"error":[]}'])
def test_anything_can_be_judged(body: bytes) -> None:
    for status in (0, 400, 429, 500):
        assert classify(status, {}, body).kind is not OutcomeKind.OK


def test_a_hint_outlives_the_stream() -> None:
    error = UpstreamError(DIALECT.decode_error(429, b"", {}).kind, "wait. Please try again in 3s.", status=429)
    assert inside(error).retry_after_s == 3.0
