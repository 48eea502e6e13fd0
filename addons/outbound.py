"""What an exchange says to its upstreams: the client's request in their dialect, with a credential of theirs."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

import msgspec

from addons.accounts.credential import Credential
from addons.continuity import Continuity
from addons.exchange import SECRETS, SILENCE_S, Egress, Exchange, Headers, UpstreamRequest
from addons.providers.headers import extra_headers
from addons.providers.provider import Provider
from addons.route import Candidate
from addons.rules.payload import Ruled
from addons.rules.ruleset import Rules
from addons.settings.values import PORTS
from translators import (
    Context,
    Loss,
    Peek,
    Target,
    TranslatedRequest,
    encode_conversation,
    registry,
    translate_request,
)
from translators.conversation import Conversation
from translators.dialect import Dialect, Operation
from translators.jsonio import ENCODER, top_level

COUNT_SILENCE_S: Final = 20.0
"""A count is a matter of a second or two; an estimate is better than a longer wait."""


@dataclass(frozen=True, slots=True)
class Said:
    """A request for one credential of one candidate, and what its reply will need. `ruled`: what the user's rules have
    changed in it, for people."""

    upstream: Dialect
    request: UpstreamRequest
    context: Context
    losses: tuple[Loss, ...]
    ruled: tuple[str, ...] = ()


class Outbound:
    """The requests of one exchange. Each is made anew from the client's own body, never from an earlier one.

    `continuity`: what replies have said to this client that it can't say back. `rules`: what the user's config changes,
    prompts in what the client said, payload in what the upstream is to hear, before its provider's duties.
    """

    def __init__(self, exchange: Exchange, continuity: Continuity, rules: Rules) -> None:
        self._exchange = exchange
        self._continuity = continuity
        self._rules = rules
        self._prompted: dict[str, Ruled] = {}  # by the model of a route
        self._decoded: tuple[bytes, Conversation] | None = None
        self._translated: dict[tuple[str, str, Target], tuple[TranslatedRequest, tuple[str, ...]]] = {}

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
            operation=self._exchange.operation,
        )
        key = (provider.name, candidate.routed, target)  # What the provider's credentials have in common.
        translated = self._translated.get(key)
        if translated is None:
            translated = self._translated[key] = self._translate(candidate, upstream, target)
        found, ruled = translated
        request = self._request(candidate, credential, upstream, target, found.body)
        return Said(upstream, request, found.context, found.losses, ruled)

    def prompted(self, routed: str = "") -> Ruled:
        """What the client said, under the prompt rules. `routed`: for which model of a route. Raises BadRequest."""
        prompted = self._prompted.get(routed)
        if prompted is None:
            exchange = self._exchange
            prompted = self._prompted[routed] = self._rules.prompted(
                exchange.body,
                asked=exchange.model,
                client=exchange.client.name,
                operation=exchange.operation,
                routed=routed,
            )
        return prompted

    def _streams(self, provider: Provider, credential: Credential) -> bool:
        """Whether the upstream must be asked for a stream, which is then put together for the client."""
        return self._exchange.operation is Operation.GENERATE and provider.streams_only(credential.base_url)

    def clear(self) -> None:
        """Lets go of what was translated."""
        self._prompted.clear()
        self._decoded = None
        self._translated.clear()

    def _translate(
        self, candidate: Candidate, upstream: Dialect, target: Target
    ) -> tuple[TranslatedRequest, tuple[str, ...]]:
        """And what the rules have changed in it."""
        said, duties = self.prompted(candidate.routed), candidate.provider.duties
        put = self._own if upstream is self._exchange.client else self._foreign
        translated = put(said.body, upstream, target)
        payload = self._payload(translated.body, upstream, target, candidate.routed)
        body, losses = payload.body, translated.losses
        if duties is not None:
            body, lost = duties(body, target)
            losses += lost
        told = said.told + payload.told
        if body is translated.body and losses is translated.losses:
            return translated, told
        return msgspec.structs.replace(translated, body=body, losses=losses), told

    def _payload(self, body: bytes, upstream: Dialect, target: Target, routed: str) -> Ruled:
        """Only what is generated is ruled: to count, or to compact, vendors take few fields and refuse all others.

        CLIProxyAPI rules compactions too, but as `openai-response`: its rules on `codex`, so nearly all, pass them by.
        """
        exchange = self._exchange
        if not self._rules.payload or exchange.operation is not Operation.GENERATE:
            return Ruled(body)
        return self._rules.payload.apply(
            body,
            asked=exchange.model,
            model=target.model,
            client=exchange.client.name,
            upstream=upstream.name,
            headers=exchange.headers,
            routed=routed,
        )

    def _own(self, body: bytes, upstream: Dialect, target: Target) -> TranslatedRequest:
        """The client's own bytes, for an upstream of its dialect."""
        exchange = self._exchange
        if exchange.operation is not Operation.GENERATE and not exchange.client.model_in_path:
            body = _unstreamed(body)
        asked = Peek(exchange.model, exchange.stream)
        return translate_request(body, upstream.name, upstream.name, target=target, asked=asked)

    def _foreign(self, body: bytes, upstream: Dialect, target: Target) -> TranslatedRequest:
        exchange = self._exchange
        if self._decoded is None or self._decoded[0] is not body:
            decoded = exchange.client.decode_request(body)
            self._decoded = body, msgspec.structs.replace(decoded, model=exchange.model, stream=exchange.stream)
        conversation = self._continuity.put_back(exchange.client_name, self._decoded[1], upstream.name)
        translated = encode_conversation(conversation, upstream.name, target)
        context = msgspec.structs.replace(
            translated.context, reply_id=secrets.token_hex(12), created_s=int(exchange.received_s)
        )
        return msgspec.structs.replace(translated, context=context)

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
            path = _with_query(path, exchange.query, upstream)
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
            silence_timeout_s=COUNT_SILENCE_S if exchange.operation is Operation.COUNT_TOKENS else SILENCE_S,
            egress=egress_of(credential.proxy.get_secret_value()),
        )


def _unstreamed(body: bytes) -> bytes:
    """A request whose reply is never a stream, without the field that would ask for one."""
    fields = top_level(body)
    return body if fields.pop("stream", None) is None else ENCODER.encode(fields)


def _with_query(path: str, query: str, upstream: Dialect) -> str:
    """The path with the client's query; where the path says something itself, that stands."""
    if upstream.forward_query is not None:
        query = upstream.forward_query(query)
    own, _, said = path.partition("?")
    names = {name for name, _ in parse_qsl(said, keep_blank_values=True)}
    kept = [piece for piece in query.split("&") if piece and unquote_plus(piece.partition("=")[0]) not in names]
    pieces = [said, *kept] if said else kept
    return f"{own}?{'&'.join(pieces)}" if pieces else own


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
    port = parts.port or PORTS[parts.scheme]
    return Egress(
        parts.scheme, parts.hostname or "", port, unquote(parts.username or ""), unquote(parts.password or "")
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
    port = parts.port or PORTS[parts.scheme]
    return _Base(parts.scheme, parts.hostname or "", port, parts.path.rstrip("/"), parts.netloc.rpartition("@")[2])
