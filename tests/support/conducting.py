"""An exchange and its conductor, without an engine: the test says what the upstreams do."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from addons.access import ANYONE
from addons.accounts import from_settings
from addons.attempt import UpstreamAttempt
from addons.conduct import Conductors, ExchangeConductor
from addons.counting import able
from addons.exchange import Answer, Exchange, Head, Step
from addons.route import Router
from addons.settings import parse
from addons.usage.record import UsageRecord
from translators import registry
from translators.dialect import Operation

JSON_HEAD: Final = ((b"content-type", b"application/json"),)
HI: Final = [{"role": "user", "content": "hi"}]
CHAT_REPLY: Final = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "big",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
    }
).encode()


class Kept:
    """A sink that keeps its records."""

    def __init__(self) -> None:
        self.records: list[UsageRecord] = []

    def take(self, record: UsageRecord) -> None:
        self.records.append(record)


class Stage:
    """What serves a config, of which time stands still. `chance`: what the random source says."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.settings = parse(json.dumps(config)).settings
        credentials = from_settings.credentials(self.settings)
        self.now_s = 1000.0
        self.chance = 0.0
        self.sink = Kept()
        self.pools = from_settings.pools(credentials, self.settings)
        self.shared = Conductors(self.pools, self.settings, self.sink, lambda: self.now_s, random=lambda: self.chance)
        self.router = Router(self.settings, credentials)

    def play(self, **asked: Any) -> "Play":
        """One more exchange."""
        return Play(self, **asked)

    def in_use(self) -> int:
        """Leases that are out."""
        return sum(
            pool.in_use(one.id) for one in from_settings.credentials(self.settings) for pool in (self.pools[one.pool],)
        )


class Play:
    """An exchange of a client for the model `big`."""

    def __init__(
        self,
        stage: Stage,
        *,
        client: str = "anthropic",
        operation: str = "generate",
        model: str = "big",
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        stream: bool = False,
        query: str = "",
    ) -> None:
        said = {"model": model, "max_tokens": 10, "messages": HI} if body is None else body
        self.stage = stage
        self.exchange = Exchange(
            id="00000000-0000",
            client=registry.dialect(client),
            operation=Operation(operation),
            body=json.dumps(said).encode(),
            headers=headers or {},
            model=model,
            stream=stream,
            query=query,
            client_name=ANYONE,
            received_s=stage.now_s,
        )
        candidates = stage.router.candidates(model)
        if self.exchange.operation is not Operation.GENERATE:
            candidates = able(self.exchange.client, self.exchange.operation, candidates)
        self.conductor: ExchangeConductor = stage.shared.conduct(self.exchange, candidates)

    def next(self) -> Step:
        """The conductor's next step."""
        return asyncio.run(self.conductor.next())

    def attempt(self) -> UpstreamAttempt:
        """The next step, which must be an attempt."""
        return attempt_of(self.next())

    def answer(self) -> Answer:
        """The next step, which must be an answer."""
        step = self.next()
        assert isinstance(step, Answer), step
        return step


def attempt_of(step: Step) -> UpstreamAttempt:
    """The step, which must be an attempt."""
    assert isinstance(step, UpstreamAttempt), step
    return step


def chat(name: str, keys: Sequence[str] = ("k-1",), **more: Any) -> dict[str, Any]:
    """An entry of openai-compatibility that serves `big`; its host is its name. `more` in snake case."""
    return {
        "name": name,
        "base-url": f"http://{name}.test/v1",
        "api-key-entries": [{"api-key": f"{name}-{key}"} for key in keys],
        "models": [{"name": "big-upstream", "alias": "big"}],
        **{key.replace("_", "-"): value for key, value in more.items()},
    }


def key_of(attempt: UpstreamAttempt) -> str:
    """The credential that it goes out with."""
    return dict(attempt.request.headers)[b"authorization"].decode().removeprefix("Bearer ")


def refuse(attempt: UpstreamAttempt, status: int, body: bytes = b"{}", *, retry_after: str = "") -> None:
    """The upstream answers with an error."""
    hint = ((b"retry-after", retry_after.encode()),) if retry_after else ()
    attempt.opened(status, (*JSON_HEAD, *hint))
    assert attempt.feed(body) == b""
    assert attempt.close() == b""
    assert attempt.head is Head.FAILED


def reply(attempt: UpstreamAttempt) -> bytes:
    """The upstream answers as it should."""
    attempt.opened(200, JSON_HEAD)
    assert attempt.feed(CHAT_REPLY) == b""
    body = attempt.close()
    assert attempt.head is Head.OPEN
    return body
