"""What an exchange says to its upstreams: the client's request in their dialect, with a credential of theirs."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec

from addons.accounts.credential import Credential
from addons.exchange import SECRETS, Exchange, Headers, UpstreamRequest
from addons.providers.headers import extra_headers
from addons.route import Candidate
from translators import (
    Context,
    Loss,
    Target,
    TranslatedRequest,
    encode_conversation,
    registry,
    translate_request,
)
from translators.conversation import Conversation
from translators.dialect import Dialect


@dataclass(frozen=True, slots=True)
class Said:
    """A request for one credential of one candidate, and what its reply will need."""

    upstream: Dialect
    request: UpstreamRequest
    context: Context
    losses: tuple[Loss, ...]


class Outbound:
    """The requests of one exchange. Each is made anew from the client's own body, never from an earlier one."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._conversation: Conversation | None = None
        self._translated: dict[tuple[str, Target], TranslatedRequest] = {}

    def say(self, candidate: Candidate, credential: Credential) -> Said:
        """The request as this upstream hears it. Raises BadRequest."""
        upstream = registry.dialect(candidate.provider.dialect)
        target = Target(
            model=candidate.model,
            stream=self._exchange.stream,
            genuine=candidate.provider.genuine(credential.base_url),
            keeps_thinking=candidate.keeps_thinking,
        )
        translated = self._translate(upstream, target)
        request = self._request(candidate, credential, translated.body)
        return Said(upstream, request, translated.context, translated.losses)

    def clear(self) -> None:
        """Lets go of what was translated."""
        self._conversation = None
        self._translated.clear()

    def _translate(self, upstream: Dialect, target: Target) -> TranslatedRequest:
        """The same for all credentials that have the target in common."""
        known = self._translated.get((upstream.name, target))
        if known is not None:
            return known
        exchange = self._exchange
        if upstream is exchange.client:
            translated = translate_request(exchange.body, upstream.name, upstream.name, target=target)
        else:
            if self._conversation is None:
                self._conversation = exchange.client.decode_request(exchange.body)
            translated = encode_conversation(self._conversation, upstream.name, target)
            context = msgspec.structs.replace(
                translated.context, reply_id=secrets.token_hex(12), created_s=int(exchange.received_s)
            )
            translated = msgspec.structs.replace(translated, context=context)
        self._translated[upstream.name, target] = translated
        return translated

    def _request(self, candidate: Candidate, credential: Credential, body: bytes) -> UpstreamRequest:
        exchange = self._exchange
        provider = candidate.provider
        same = provider.dialect == exchange.client.name
        base = _base(credential.base_url)
        headers = {
            "host": base.authority,
            **provider.headers(exchange.headers if same else {}),
            **provider.auth(credential),
            **extra_headers(credential, exchange.headers),
            "content-length": str(len(body)),
        }
        path = base.path + provider.paths[exchange.operation]
        if same and exchange.query:
            path = f"{path}?{exchange.query}"
        secret_names = SECRETS | {name.lower().encode() for name, _ in credential.headers}
        return UpstreamRequest("POST", base.scheme, base.host, base.port, path, pairs(headers), body, secret_names)


def pairs(headers: Mapping[str, str]) -> Headers:
    """Headers as the engine takes them."""
    return tuple(
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in headers.items()
    )


@dataclass(frozen=True, slots=True)
class _Base:
    """A base URL, taken apart."""

    scheme: str
    host: str
    port: int
    path: str
    authority: str


@lru_cache(maxsize=1024)
def _base(url: str) -> _Base:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return _Base(parts.scheme, parts.hostname or "", port, parts.path.rstrip("/"), parts.netloc.rpartition("@")[2])
