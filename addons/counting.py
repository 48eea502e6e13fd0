"""What is asked beside generating: who can do it, and a count of our own where nobody can count."""

from collections.abc import Sequence

from addons.exchange import Answer
from addons.outbound import pairs
from addons.providers.provider import Provider
from addons.route import Tier
from translators import registry, tokens
from translators.dialect import Dialect, Operation


def able(client: Dialect, operation: Operation, tiers: Sequence[Tier]) -> tuple[Tier, ...]:
    """Those whose upstream does this, for a client of this dialect."""
    left = [tuple(one for one in tier if _is_able(one.provider, client, operation)) for tier in tiers]
    return tuple(tier for tier in left if tier)


def _is_able(provider: Provider, client: Dialect, operation: Operation) -> bool:
    """Beside generating only a count of tokens is translated into another dialect, where that has a word for it."""
    if operation not in provider.paths:
        return False
    spoken = provider.dialect_of(operation)
    if spoken == client.name:
        return True
    return operation is Operation.COUNT_TOKENS and registry.dialect(spoken).counting is not None


def estimate(client: Dialect, body: bytes) -> Answer:
    """Our own count of a prompt's tokens, marked as an estimate. Raises BadRequest."""
    count = tokens.estimate(client.decode_request(body))
    said = {"content-type": "application/json", "x-cliproxy-estimate": "true"}
    counted = client.count_reply(count)
    return Answer(200, pairs(said), counted, counted)
