"""xAI's API with a key, by its Responses."""

import re
from collections.abc import Mapping
from typing import Final

from addons.accounts.outcome import Outcome, OutcomeKind, Scope
from addons.providers import refusals
from addons.providers.headers import bearer, with_kept
from addons.providers.provider import Provider, at_host
from translators.dialect import Operation
from translators.envelopes import xai

HOST: Final = "api.x.ai"
FREE_USAGE_S: Final = 24 * 3600.0
"""The free usage comes back over a day that rolls. Source: xAI's own message."""

_KEPT: Final = frozenset(("user-agent", "x-grok-conv-id"))
_KEPT_PREFIXES: Final = ("x-stainless-",)
_BAD_KEY: Final = re.compile(r"bad-credentials|access token could not be validated|incorrect api key", re.IGNORECASE)
_FREE_USAGE: Final = re.compile(r"free-usage-exhausted|included free usage", re.IGNORECASE)

headers = with_kept(_KEPT, _KEPT_PREFIXES)
genuine = at_host(HOST)


def classify(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """The common rules; but a key that is no good comes with 400 or 403, and free usage without a hint."""
    refusal = refusals.read(status, headers, body)
    said = f"{refusal.message} {' '.join(refusal.words)}"
    if refusal.status in (400, 401, 403) and _BAD_KEY.search(said):
        return refusals.outcome(refusal, OutcomeKind.UNAUTHORIZED, Scope.CREDENTIAL)
    if refusal.status == 429 and _FREE_USAGE.search(said):
        return refusals.outcome(refusal, OutcomeKind.RATE_LIMITED, Scope.CREDENTIAL, FREE_USAGE_S)
    return refusals.judge(refusal)


PROVIDER: Final = Provider(
    name="xai",
    section="xai-api-key",
    dialect="openai_responses",
    default_base_url=f"https://{HOST}/v1",
    paths={Operation.GENERATE: "/responses", Operation.COMPACT: "/responses/compact"},
    auth=bearer,
    headers=headers,
    classify=classify,
    genuine=genuine,
    families=("grok-",),
    catalogue="xai",
    duties=xai.duties,
    hosts={HOST: ("/v1/responses", "/v1/chat/completions")},
)
