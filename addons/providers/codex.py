"""OpenAI's Responses with a key: the API itself, or a server that stands for the Codex backend of ChatGPT."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import msgspec
from msgspec import Struct

from addons.accounts.outcome import Outcome, OutcomeKind, Scope
from addons.providers import hints, refusals
from addons.providers.headers import bearer, with_kept
from addons.providers.provider import Provider, at_host
from translators.dialect import Operation
from translators.envelopes import codex
from translators.jsonio import UNREADABLE

HOST: Final = "api.openai.com"
CHATGPT: Final = "chatgpt.com"
"""The Codex backend, for who has logged in."""

_KEPT: Final = frozenset(
    (
        "conversation_id",
        "openai-beta",
        "originator",
        "session-id",
        "session_id",
        "thread-id",
        "thread_id",
        "user-agent",
        "version",
        "x-client-request-id",
        "x-openai-internal-codex-responses-lite",
        "x-openai-subagent",
    )
)
"""Not chatgpt-account-id nor openai-organization: those are the client's own account."""
_KEPT_PREFIXES: Final = ("x-codex-", "x-stainless-")

_QUOTA: Final = frozenset(("usage_limit_reached",))
_NO_PLAN: Final = frozenset(("usage_not_included",))
_REQUEST: Final = frozenset(
    ("bio_policy", "invalid_encrypted_content", "misalignment_policy_violation", "thinking_signature_invalid")
)
_REQUEST_WORDS: Final = re.compile(
    r"previous_response_id.{0,80}\bnot found\b|items are not persisted|\bcontext (?:window|length)\b|too many tokens",
    re.IGNORECASE,
)
_AT_CAPACITY: Final = re.compile(r"\bmodel is at capacity\b", re.IGNORECASE)

headers = with_kept(_KEPT, _KEPT_PREFIXES)
genuine = at_host(HOST)


class _Limit(Struct):
    """When a used-up plan is full again."""

    resets_at: float | None = None
    resets_in_seconds: float | None = None


class _Said(Struct):
    error: _Limit | None = None


_SAID: Final = msgspec.json.Decoder(_Said, strict=False)


def classify(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """The common rules, and a plan's own limits."""
    refusal = refusals.read(status, headers, body)
    words = refusal.words
    if words & _QUOTA:
        hint_s = _resets_s(headers, body)
        return refusals.outcome(refusal, OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL, hint_s)
    if words & _NO_PLAN:
        return refusals.outcome(refusal, OutcomeKind.FORBIDDEN, Scope.CREDENTIAL)
    if refusal.says(_AT_CAPACITY):
        return refusals.outcome(refusal, OutcomeKind.RATE_LIMITED, Scope.MODEL, refusals.judge(refusal).retry_after_s)
    if words & _REQUEST or refusal.says(_REQUEST_WORDS):
        return refusals.outcome(refusal, OutcomeKind.REQUEST_FAULT, Scope.NOTHING)
    if "stream_disconnected" in words:  # The next may answer; this one is not to blame.
        return replace(refusals.outcome(refusal, OutcomeKind.TRANSIENT, Scope.NOTHING), status=408)
    return refusals.judge(refusal)


def streams_only(base_url: str) -> bool:
    """The Codex backend gives no whole replies, and nobody knows which relay stands for it."""
    return not genuine(base_url)


def _resets_s(headers: Mapping[str, str], body: bytes) -> float | None:
    """Seconds until the plan is full again: a time of day before a span, which may be old."""
    try:
        limit = _SAID.decode(body).error or _Limit()
    except UNREADABLE:
        limit = _Limit()
    at_s, now_s = hints.number(limit.resets_at), hints.now_of(headers)
    if at_s is not None and at_s > now_s:
        return at_s - now_s
    return hints.number(limit.resets_in_seconds) or hints.retry_after_s(headers, None, "")


PROVIDER: Final = Provider(
    name="codex",
    section="codex-api-key",
    dialect="openai_responses",
    default_base_url=f"https://{HOST}/v1",
    paths={
        Operation.GENERATE: "/responses",
        Operation.COMPACT: "/responses/compact",
        Operation.COUNT_TOKENS: "/responses/input_tokens",
    },
    auth=bearer,
    headers=headers,
    classify=classify,
    genuine=genuine,
    families=("gpt-", "codex-", "o1", "o3", "o4"),
    catalogue="codex",
    duties=codex.duties,
    streams_only=streams_only,
    hosts={
        HOST: ("/v1/responses", "/v1/responses/compact", "/v1/responses/input_tokens"),
        # Codex calls it by HTTP/2, and offers HTTP/1.1 alone where it wants a WebSocket: both are served.
        CHATGPT: ("/backend-api/codex/responses", "/backend-api/codex/responses/compact"),
    },
)
