"""The Anthropic API, and servers that speak its dialect, with an API key."""

import re
from collections.abc import Mapping
from typing import Final

from addons.accounts.credential import Credential
from addons.accounts.outcome import Outcome, OutcomeKind, Scope
from addons.providers import hints, refusals
from addons.providers.headers import BASE, bearer, with_kept
from addons.providers.provider import Provider, at_host
from translators.dialect import Operation

HOST: Final = "api.anthropic.com"
VERSION: Final = "2023-06-01"

_KEPT: Final = frozenset(("user-agent", "x-app"))
_KEPT_PREFIXES: Final = ("anthropic-", "x-stainless-")
_FAST_MODE: Final = re.compile(r"\bfast mode\b", re.IGNORECASE)

_WINDOWS: Final[Mapping[str, Scope]] = {"5h": Scope.CREDENTIAL, "7d": Scope.CREDENTIAL, "7d_oi": Scope.MODEL}
"""Subscription windows as the headers name them. The last is one model family's own."""

_CLAIMS: Final[Mapping[str, Scope]] = {"five_hour": Scope.CREDENTIAL, "seven_day": Scope.CREDENTIAL}

headers = with_kept(_KEPT, _KEPT_PREFIXES, {**BASE, "anthropic-version": VERSION})
genuine = at_host(HOST)


def auth(credential: Credential) -> Mapping[str, str]:
    """Anthropic's own header on its own host, Bearer elsewhere, as compatible servers want it."""
    secret = credential.secret.get_secret_value()
    if genuine(credential.base_url) and secret:
        return {"x-api-key": secret}
    return bearer(credential)


def classify(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """The common rules, and the windows of subscriptions."""
    refusal = refusals.read(status, headers, body)
    if refusal.status != 429:
        return refusals.judge(refusal)
    if refusal.says(_FAST_MODE):  # It needs credits that the request asked to use: no word on the account's limits.
        return refusals.outcome(refusal, OutcomeKind.REQUEST_FAULT, Scope.NOTHING)
    rejected = _rejected_window(headers)
    if rejected is None:
        return refusals.judge(refusal)
    scope, hint_s = rejected
    return refusals.outcome(refusal, OutcomeKind.RATE_LIMITED, scope, hint_s)


def _rejected_window(headers: Mapping[str, str]) -> tuple[Scope, float | None] | None:
    """What a used-up window rests, and until its latest reset; None where no window was the reason."""
    prefix = "anthropic-ratelimit-unified"
    now_s = hints.now_of(headers)
    rejected = [name for name in _WINDOWS if headers.get(f"{prefix}-{name}-status") == "rejected"]
    if rejected:
        scope = Scope.CREDENTIAL if any(_WINDOWS[name] is Scope.CREDENTIAL for name in rejected) else Scope.MODEL
        resets = [hints.until(headers.get(f"{prefix}-{name}-reset", ""), now_s) for name in rejected]
    elif headers.get(f"{prefix}-status") == "rejected":
        scope = _CLAIMS.get(headers.get(f"{prefix}-representative-claim", ""), Scope.MODEL)
        resets = [hints.until(headers.get(f"{prefix}-reset", ""), now_s)]
    else:
        return None
    known = [reset for reset in resets if reset is not None]
    return scope, max(known) if known else hints.retry_after_s(headers, None, "")


PROVIDER: Final = Provider(
    name="claude",
    section="claude-api-key",
    dialect="anthropic",
    default_base_url=f"https://{HOST}",
    paths={Operation.GENERATE: "/v1/messages", Operation.COUNT_TOKENS: "/v1/messages/count_tokens"},
    auth=auth,
    headers=headers,
    classify=classify,
    genuine=genuine,
    families=("claude-",),
    catalogue="claude",
    hosts={HOST: ("/v1/messages", "/v1/messages/count_tokens")},
    http1_hosts=frozenset((HOST,)),  # Claude Code's remote control and dictation.
)
