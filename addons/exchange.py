"""One client request and all we know of it; and the contract between who decides and who moves bytes.

The engine moves bytes and knows nothing of models, credentials or dialects. It asks the exchange's conductor for the
next step and does it: send an attempt, wait, or answer. Nothing here depends on there being a mitmproxy flow.

    client ── request hook ──▶ Exchange ── conductor.next() ──▶ Attempt │ Wait │ Answer
                                            ▲                      │ opened, feed, close, broken
                                            └──── head FAILED ◀────┘
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, Protocol
from weakref import WeakKeyDictionary, WeakSet

from mitmproxy import http

from translators import GatewayError, Loss, Usage
from translators.chained import Chained
from translators.dialect import Dialect, Envelope, Operation, Reframer

type Headers = tuple[tuple[bytes, bytes], ...]

SECRETS: Final = frozenset({b"authorization", b"x-api-key", b"x-goog-api-key"})
"""Headers in which vendors take a credential."""

SHORTEST_SECRET: Final = 8
SILENCE_S: Final = 600.0
OVERSIZED: Final = "cliproxy.oversized"


@dataclass(frozen=True, slots=True)
class Egress:
    """The upstream proxy that a credential goes out through. `scheme`: http, https, socks5 or socks5h (both let the
    proxy look up names, as Go's do). Two requests share a connection only where their egress is equal."""

    scheme: str
    host: str
    port: int
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def login(self) -> str:
        """User name and password as an HTTP proxy wants them (RFC 7617)."""
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """What an attempt sends. It carries a credential: the engine scrubs what it records of it.

    `secrets`: the header names (lower case) whose values are never recorded. `silence_timeout_s`: how long the
    upstream may say nothing, from sending on. `egress` None: directly.
    """

    method: str
    scheme: str
    host: str
    port: int
    path: str
    headers: Headers
    body: bytes
    secrets: frozenset[bytes] = SECRETS
    connect_timeout_s: float = 10.0
    silence_timeout_s: float = SILENCE_S
    egress: Egress | None = None

    def secret_values(self) -> Iterator[str]:
        """What must not be seen of it, and not of an answer that repeats it either.

        Of the config's own headers only those that are long enough to be a secret: `1` would be found in every error.
        """
        for name, value in self.headers:
            if name in self.secrets and len(value) >= (1 if name in SECRETS else SHORTEST_SECRET):
                yield value.decode("latin-1").removeprefix("Bearer ")
        if self.egress is not None and self.egress.password:
            yield self.egress.login
            if len(self.egress.password) >= SHORTEST_SECRET:
                yield self.egress.password


class Head(Enum):
    """What may be said of an attempt's reply so far.

    PENDING: nothing has gone to the client, it may still fail over. OPEN: `reply` is known and what feed() gives goes
    to the client. FAILED: the attempt is over, ask for the next step.
    """

    PENDING = auto()
    OPEN = auto()
    FAILED = auto()


class Breakage(Enum):
    """How an upstream let an attempt down, below HTTP."""

    CONNECT = "connect"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class ReplyHead:
    """Status and headers as the client gets them. No framing headers: the engine adds its own.

    `length`: of the whole body where it is known, then the engine sends it in one piece.
    """

    status: int
    headers: Headers
    length: int | None = None


class Attempt(Protocol):
    """One try at one upstream with one credential. No method raises.

    The engine calls opened() once the upstream's status is there, feed() for each piece of its body and close() at its
    end; after each it looks at `head`. Once OPEN, `reply` is set and all bytes that feed() and close() gave go to the
    client (what was held before comes out with the first of them). When the upstream breaks, broken() says so: while
    PENDING it makes the head FAILED and gives b"", while OPEN it gives the bytes that end the reply in the client's
    dialect. cancelled(): the client has gone.
    """

    request: UpstreamRequest
    head: Head
    reply: ReplyHead | None
    number: int
    note: str  # one line for people: how it went, no secrets

    def opened(self, status: int, headers: Headers) -> None: ...

    def feed(self, data: bytes) -> bytes: ...

    def close(self) -> bytes: ...

    def broken(self, how: Breakage, message: str) -> bytes: ...

    def cancelled(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Wait:
    """Nobody is free now: ask again after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply made by us, for want of a vendor's: whole, or as the `frame` that ends a reply already begun."""

    status: int
    headers: Headers
    body: bytes
    frame: bytes


type Step = Attempt | Wait | Answer


@dataclass(frozen=True, slots=True)
class Pace:
    """What a client hears while there is nothing to send: `data`, which it ignores, for the first time `first_s` after
    its request was complete, then whenever nothing has gone out for `interval_s`.

    The first one opens the reply with `head` where no attempt has. Attempts still fail unseen until one is OPEN; one
    that is OPEN goes on behind `head`, its own is not sent.
    """

    first_s: float
    interval_s: float
    data: bytes
    head: ReplyHead


class Conductor(Protocol):
    """Decides what an exchange does next. Only the engine calls it.

    next(): after the start, after a FAILED attempt and after a Wait. Never raises: what can't be decided is an Answer.
    `pace` None: the client hears nothing until there is a reply.
    finished(): once, at the end, however it ended; `status` is what the client got, None where it went away first;
    `sent_bytes` of reply body.
    """

    pace: Pace | None

    async def next(self) -> Step: ...

    def finished(self, status: int | None, sent_bytes: int) -> None: ...


@dataclass(slots=True)
class AttemptRecord:
    """What stays of an attempt: for the usage record, the console and the client's error text. No secrets."""

    number: int
    provider: str
    credential: str
    model: str
    started_s: float
    ended_s: float | None = None
    status: int | None = None
    outcome: str = ""
    message: str = ""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Exchange:
    """One client request, the way it came, and what became of it.

    `id` is the flow's, for logs. `client`: the dialect spoken to us. `headers`: the client's, names in lower case.
    `client_name`: the short id of the client key. `query`: the request's, without keys. `envelope`: what the client
    wants around its replies. `ruled`: what the user's rules
    have changed in what the upstream heard, for people. Times are Unix seconds.
    """

    id: str
    client: Dialect
    operation: Operation
    body: bytes
    headers: Mapping[str, str]
    model: str
    stream: bool
    client_name: str
    received_s: float
    query: str = ""
    envelope: Envelope | None = None
    conductor: Conductor | None = None
    attempts: list[AttemptRecord] = field(default_factory=list)
    losses: tuple[Loss, ...] = ()
    ruled: tuple[str, ...] = ()
    usage: Usage | None = None
    first_event_s: float | None = None
    stop: str = ""
    error: str = ""

    def error_frame(self, error: GatewayError) -> bytes:
        """What ends a reply in this error of which only keep-alives have gone out: the frame of the client's stream,
        cut up as it asked for; where it wants no stream, the body."""
        if not self.stream:
            return self.client.encode_error(error)
        reframer = self.reframer()
        frame = self.client.error_frame(error)
        return frame if reframer is None else reframer.feed(frame) + reframer.close()

    def reframer(self) -> Reframer | None:
        """What this client needs behind our stream; None where it takes it as it is."""
        own = self.client.reframe(self.query) if self.client.reframe else None
        if self.envelope is None:
            return own
        wrapper = self.envelope.wrap_stream(self.id)
        return wrapper if own is None else Chained(wrapper, own)


_exchanges: WeakKeyDictionary[http.HTTPFlow, Exchange] = WeakKeyDictionary()
_passing: WeakSet[http.HTTPFlow] = WeakSet()


def attach(flow: http.HTTPFlow, exchange: Exchange) -> None:
    """The flow is this exchange from now on. Not in flow.metadata: that is saved with the flow."""
    _exchanges[flow] = exchange


def of(flow: http.HTTPFlow) -> Exchange | None:
    """The flow's exchange, None where it is none of ours."""
    return _exchanges.get(flow)


def let_pass(flow: http.HTTPFlow) -> None:
    """The request may go to where its client sent it, as it is. What came in by a door of ours goes nowhere without."""
    _passing.add(flow)


def hold_back(flow: http.HTTPFlow) -> None:
    """It may not, after all."""
    _passing.discard(flow)


def passes(flow: http.HTTPFlow) -> bool:
    """Whether it may."""
    return flow in _passing


def mark_oversized(flow: http.HTTPFlow) -> None:
    """The request's body was too long to hold, and is not on the flow."""
    flow.metadata[OVERSIZED] = True


def is_oversized(flow: http.HTTPFlow) -> bool:
    """Whether that is so. Such a request can only be refused."""
    return OVERSIZED in flow.metadata
