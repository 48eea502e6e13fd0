"""What simulated vendors share: records, scripts, and the way from a request to a behaviour."""

import asyncio
import itertools
import json
import ssl
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Self

from tests.vendors import model, stage
from tests.vendors.behaviour import Behaviour, Raw, Refused, Reply, Script
from tests.vendors.rules import Asked, Refusal
from tests.vendors.server import Disconnect, Request, Sender, Server

SSE: Final = "text/event-stream; charset=utf-8"
ACCEPTED_KEY: Final = "test-key-"


class Vendor(ABC):
    """A vendor on a free loopback port: `async with AnthropicVendor() as vendor`, or `running(vendor)` outside asyncio.

    `keys`: the credentials it takes; None: every one that begins with `test-key-`. `models`: those it has; None: any.
    `requests` are what came in, refused ones too. `script` and `for_key()` say what to do instead of asking `answer`,
    the model. `arrived` is set once a request for a reply is there, `cancelled` once a client has gone while it was
    being answered; `disconnects` tells when. `tls`: what it speaks by its ALPN.
    """

    def __init__(
        self,
        *,
        keys: Collection[str] | None = None,
        models: Sequence[str] | None = None,
        answer: Callable[[model.Prompt], Reply] = model.answer,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.keys = keys
        self.models = models
        self.answer = answer
        self.requests: list[Request] = []
        self.disconnects: list[Disconnect] = []
        self.arrived = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.script = Script()
        self._scripts: dict[str, Script] = {}
        self._numbers = itertools.count(1)
        self._server = Server(self._handle, self._gone, tls)

    def for_key(self, key: str) -> Script:
        """What to do with requests of this credential."""
        return self._scripts.setdefault(key, Script())

    def reset(self) -> None:
        """Forgets requests and scripts."""
        self.requests.clear()
        self.disconnects.clear()
        self.arrived = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.script = Script()
        self._scripts.clear()

    @property
    def port(self) -> int:
        """Of the listener."""
        return self._server.port

    @property
    def origin(self) -> str:
        """Scheme and address."""
        return f"http{'s' if self._server.tls else ''}://127.0.0.1:{self.port}"

    @property
    @abstractmethod
    def base_url(self) -> str:
        """What a client or a config names."""

    @property
    def asked(self) -> list[Request]:
        """The requests for replies, without token counts and lists."""
        return [request for request in self.requests if self.is_generation(request)]

    @property
    def keys_seen(self) -> list[str]:
        """The credentials of `asked`, in order."""
        return [request.credential for request in self.asked]

    @property
    def failures(self) -> list[Exception]:
        """Bugs of the vendor itself. A test that used it must find none."""
        return self._server.failures

    async def start(self, port: int = 0) -> None:
        """Listens from now on."""
        await self._server.start(port)

    async def stop(self) -> None:
        """Closes everything."""
        await self._server.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @abstractmethod
    def is_generation(self, request: Request) -> bool:
        """Whether it asks for a reply."""

    @abstractmethod
    def authorize(self, request: Request) -> None:
        """Raises Refusal."""

    @abstractmethod
    def check(self, asked: Asked) -> None:
        """Raises Refusal where a rule is broken."""

    @abstractmethod
    def prompt(self, body: dict[str, Any]) -> model.Prompt:
        """What the model sees of a request."""

    @abstractmethod
    def other(self, request: Request) -> bytes:
        """The answer to anything but a generation. Raises Refusal."""

    @abstractmethod
    def error_body(self, refusal: Refusal) -> dict[str, Any]:
        """An error as the vendor words it."""

    @abstractmethod
    def error_frame(self, refusal: Refusal) -> bytes:
        """An error inside a stream."""

    @abstractmethod
    def frames(self, reply: Reply, body: dict[str, Any], prompt: model.Prompt, number: int) -> list[bytes]:
        """A reply as a stream."""

    @abstractmethod
    def whole(self, reply: Reply, body: dict[str, Any], prompt: model.Prompt, number: int) -> bytes:
        """A reply in one piece."""

    @abstractmethod
    def headers(self, number: int) -> dict[str, str]:
        """On every answer."""

    def seen(self, asked: Asked) -> dict[str, Any]:
        """A body that was accepted, with what the path or the query says of it: `stream` is read from here."""
        return asked.body

    def stream_type(self, _: Mapping[str, Any]) -> str:
        """The content type of a stream for this body."""
        return SSE

    def known_key(self, key: str) -> bool:
        """Whether the credential is one of ours."""
        return key.startswith(ACCEPTED_KEY) if self.keys is None else key in self.keys

    def _gone(self, request: Request) -> None:
        self.disconnects.append(Disconnect(request, time.monotonic()))
        self.cancelled.set()

    async def _handle(self, request: Request, sender: Sender) -> None:
        self.requests.append(request)
        number = next(self._numbers)
        try:
            self.authorize(request)
            if self.is_generation(request):
                self.arrived.set()
                await self._generate(request, sender, number)
            else:
                await sender.whole(200, self._json_headers(number), self.other(request))
        except Refusal as refusal:
            await self._refuse(refusal, {}, sender, number)

    async def _generate(self, request: Request, sender: Sender, number: int) -> None:
        asked = Asked(request, read_object(request))
        self.check(asked)
        body = self.seen(asked)
        prompt = self.prompt(body)
        behaviour = self._behaviour(request.credential) or self.answer(prompt)
        match behaviour:
            case Raw():
                await sender.whole(
                    behaviour.status, {**behaviour.headers, "content-type": behaviour.content_type}, behaviour.body
                )
            case Refused():
                refusal = Refusal(
                    behaviour.message or f"simulated {behaviour.status}", status=behaviour.status, code=behaviour.code
                )
                await self._refuse(refusal, behaviour.headers, sender, number)
            case Reply() if body.get("stream") and not behaviour.whole:
                frames = self.frames(behaviour, body, prompt, number)
                error = self.error_frame(_of(behaviour))
                await stage.play_stream(behaviour, sender, self._head(number, self.stream_type(body)), frames, error)
            case Reply():
                whole = self.whole(behaviour, body, prompt, number)
                error = json.dumps(self.error_body(_of(behaviour))).encode()
                await stage.play_whole(behaviour, sender, self._json_headers(number), whole, error)

    def _behaviour(self, key: str) -> Behaviour | None:
        own = self._scripts.get(key)
        return (own.next() if own is not None else None) or self.script.next()

    def _head(self, number: int, content_type: str) -> dict[str, str]:
        return {**self.headers(number), "content-type": content_type, "cache-control": "no-cache"}

    def _json_headers(self, number: int) -> dict[str, str]:
        return {**self.headers(number), "content-type": "application/json"}

    async def _refuse(self, refusal: Refusal, headers: Mapping[str, str], sender: Sender, number: int) -> None:
        body = json.dumps(self.error_body(refusal)).encode()
        await sender.whole(refusal.status, {**self._json_headers(number), **headers}, body)


def read_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object. Raises Refusal."""
    try:
        body = request.json
    except ValueError as error:
        raise Refusal("We could not parse the JSON body of your request.") from error
    if not isinstance(body, dict):
        raise Refusal("We could not parse the JSON body of your request: an object is expected.")
    return body


def _of(reply: Reply) -> Refusal:
    """The error that the reply breaks off with, if it does."""
    return (
        Refusal("", status=500) if reply.broken is None else Refusal(reply.broken.message, status=reply.broken.status)
    )
