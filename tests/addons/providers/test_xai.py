"""Keys of xAI: what goes out with a request, and what a refusal means."""

import json
from typing import Any

import pytest

from addons.accounts.outcome import OutcomeKind, Scope
from addons.providers.openai_compatibility import PROVIDER as COMPATIBLE
from addons.providers.registry import of_section
from addons.providers.xai import FREE_USAGE_S, PROVIDER, classify
from translators.dialect import Operation, Target

REFUSALS: list[tuple[int, dict[str, Any], OutcomeKind, Scope, float | None]] = [
    (403, {"code": "bad-credentials", "error": "x"}, OutcomeKind.UNAUTHORIZED, Scope.CREDENTIAL, None),
    (
        403,
        {"code": "x", "error": "The OAuth2 access token could not be validated."},
        OutcomeKind.UNAUTHORIZED,
        Scope.CREDENTIAL,
        None,
    ),
    (
        400,
        {"code": "invalid-argument", "error": "Incorrect API key provided: te***1."},
        OutcomeKind.UNAUTHORIZED,
        Scope.CREDENTIAL,
        None,
    ),
    (
        429,
        {"code": "subscription:free-usage-exhausted", "error": "x"},
        OutcomeKind.RATE_LIMITED,
        Scope.CREDENTIAL,
        FREE_USAGE_S,
    ),
    (
        429,
        {"error": "You have used all of your included free usage."},
        OutcomeKind.RATE_LIMITED,
        Scope.CREDENTIAL,
        FREE_USAGE_S,
    ),
    (429, {"error": "slow down"}, OutcomeKind.RATE_LIMITED, Scope.MODEL, None),
    (403, {"error": "no"}, OutcomeKind.FORBIDDEN, Scope.CREDENTIAL, None),
    (400, {"error": "Argument not supported on this model: reasoning"}, OutcomeKind.REQUEST_FAULT, Scope.NOTHING, None),
]


@pytest.mark.parametrize(("status", "said", "kind", "scope", "seconds"), REFUSALS)
def test_a_refusal_means_what_xai_means(
    status: int, said: dict[str, Any], kind: OutcomeKind, scope: Scope, seconds: float | None
) -> None:
    got = classify(status, {}, json.dumps(said).encode())
    assert (got.kind, got.scope, got.retry_after_s) == (kind, scope, seconds)


def test_it_is_found_by_its_section() -> None:
    assert of_section("xai-api-key") is PROVIDER
    assert PROVIDER.default_base_url == "https://api.x.ai/v1"
    assert PROVIDER.genuine(PROVIDER.default_base_url)
    assert not PROVIDER.genuine("https://api.x.ai.example/v1")
    assert not PROVIDER.streams_only("https://relay.example/v1")


def test_the_body_is_edited_for_relays_too() -> None:
    assert PROVIDER.duties is not None
    for genuine in (True, False):
        changed, losses = PROVIDER.duties(b'{"model":"m","stop":["x"]}', Target("m", genuine=genuine))
        assert (changed, [loss.path for loss in losses]) == (b'{"model":"m"}', ["$.stop"])


def test_a_client_keeps_its_identity() -> None:
    sent = PROVIDER.headers({"user-agent": "x/1", "x-grok-conv-id": "c", "authorization": "a", "originator": "codex"})
    assert (sent["user-agent"], sent["x-grok-conv-id"]) == ("x/1", "c")
    assert not sent.keys() & {"authorization", "originator"}


def test_vendors_of_chat_compact_in_the_dialect_of_responses() -> None:
    assert COMPATIBLE.dialect_of(Operation.COMPACT) == "openai_responses"
    assert COMPATIBLE.path(Operation.COMPACT, "m", stream=False) == "/responses/compact"
    assert COMPATIBLE.dialect_of(Operation.GENERATE) == "openai_chat"
