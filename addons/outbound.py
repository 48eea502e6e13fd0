"""What an exchange says to its upstreams: the client's request in their dialect, with a credential of theirs."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from addons.accounts.credential import Credential
from addons.exchange import SECRETS, Egress, Exchange, Headers, UpstreamRequest
from addons.providers.headers import extra_headers
from addons.providers.provider import Provider
from addons.route import Candidate
from translators import (
    Context,
    Loss,
    NotYet,
    Peek,
    Target,
    TranslatedRequest,
    can_translate,
    encode_conversation,
    registry,
    translate_request,
)
from translators.conversation import Conversation
from translators.dialect import Dialect, Operation


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
        provider = candidate.provider
        upstream = registry.dialect(provider.dialect_of(self._exchange.operation))
        target = Target(
            model=candidate.model,
            stream=self._exchange.stream or self._streams(provider, credential),
            genuine=provider.genuine(credential.base_url),
            keeps_thinking=candidate.keeps_thinking,
            max_output_tokens=candidate.max_output_tokens,
            thinking=candidate.thinking,
            thinking_range=candidate.thinking_range,
            input_modalities=candidate.input_modalities,
        )
        translated = self._translate(upstream, target)
        body, losses = translated.body, translated.losses
        if provider.duties is not None:
            body, missing = provider.duties(body, target)
            losses += missing
        request = self._request(candidate, credential, upstream, target, body)
        return Said(upstream, request, translated.context, losses)

    def _streams(self, provider: Provider, credential: Credential) -> bool:
        """Whether the upstream must be asked for a stream, which is then put together for the client."""
        return self._exchange.operation is Operation.GENERATE and provider.streams_only(credential.base_url)

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
            asked = Peek(exchange.model, exchange.stream)
            translated = translate_request(exchange.body, upstream.name, upstream.name, target=target, asked=asked)
        else:
            if not can_translate(exchange.client.name, upstream.name):
                raise NotYet(exchange.client.name, upstream.name)
            if self._conversation is None:
                decoded = exchange.client.decode_request(exchange.body)
                self._conversation = msgspec.structs.replace(decoded, model=exchange.model, stream=exchange.stream)
            translated = encode_conversation(self._conversation, upstream.name, target)
            context = msgspec.structs.replace(
                translated.context, reply_id=secrets.token_hex(12), created_s=int(exchange.received_s)
            )
            translated = msgspec.structs.replace(translated, context=context)
        self._translated[upstream.name, target] = translated
        return translated

    def _request(
        self, candidate: Candidate, credential: Credential, upstream: Dialect, target: Target, body: bytes
    ) -> UpstreamRequest:
        exchange = self._exchange
        provider = candidate.provider
        same = upstream is exchange.client
        base = _base(credential.base_url)
        headers = {
            "host": base.authority,
            **provider.headers(exchange.headers if same else {}),
            **provider.auth(credential),
            **extra_headers(credential, exchange.headers),
            "content-length": str(len(body)),
        }
        path = base.path + provider.path(exchange.operation, candidate.model, stream=target.stream)
        if same and exchange.query:
            path = f"{path}{'&' if '?' in path else '?'}{exchange.query}"
        secret_names = SECRETS | {name.lower().encode() for name, _ in credential.headers}
        return UpstreamRequest(
            "POST",
            base.scheme,
            base.host,
            base.port,
            path,
            pairs(headers),
            body,
            secret_names,
            egress=egress_of(credential.proxy.get_secret_value()),
        )


def pairs(headers: Mapping[str, str]) -> Headers:
    """Headers as the engine takes them."""
    return tuple(
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in headers.items()
    )


@lru_cache(maxsize=1024)
def egress_of(url: str) -> Egress | None:
    """A proxy's URL, taken apart; None for "" (directly)."""
    if not url:
        return None
    parts = urlsplit(url)
    port = parts.port or _PROXY_PORTS[parts.scheme]
    return Egress(
        parts.scheme, parts.hostname or "", port, unquote(parts.username or ""), unquote(parts.password or "")
    )


_PROXY_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


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
