"""A mitmproxy with the engine in it, in this process, and exchanges that follow a script."""

import asyncio
import functools
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mitmproxy import http
from mitmproxy.options import Options
from mitmproxy.tools.dump import DumpMaster

from addons import exchange as exchanges
from addons.engine import Engine
from addons.exchange import (
    Answer,
    Breakage,
    Exchange,
    Head,
    Headers,
    Pace,
    ReplyHead,
    Step,
    UpstreamRequest,
    Wait,
)
from translators import registry
from translators.dialect import Operation

TICK_S = 0.05
LONGEST_S = 60.0
loops: list[Callable[[], asyncio.AbstractEventLoop]] = [asyncio.new_event_loop]
"""The last one makes the loop that a test runs in (see conftest.py)."""


class ScriptedAttempt:
    """Hands an upstream's reply on as it is: from its first data on where it is a 2xx, else it has failed.

    A stream that begins with `error` has failed too. `whole`: the reply is brought with its length, at its end.
    """

    def __init__(
        self, request: UpstreamRequest, number: int, reply_headers: Headers = (), *, whole: bool = False
    ) -> None:
        self.request = request
        self.number = number
        self.head = Head.PENDING
        self.reply: ReplyHead | None = None
        self.note = ""
        self.log: list[str] = []
        self.pieces: list[bytes] = []
        self._whole = whole
        self._status = 0
        self._reply_headers = ((b"content-type", b"text/event-stream"), (b"x-number", b"%d" % number), *reply_headers)

    def opened(self, status: int, headers: Headers) -> None:
        self._status = status
        self.log.append(f"opened {status}")

    def feed(self, data: bytes) -> bytes:
        self.pieces.append(data)
        if self._status != 200 or self._whole:
            return b""
        if self.head is Head.PENDING:
            if data.startswith(b"error"):
                self._fail("error in the stream")
                return b""
            self._open(None)
        return data

    def close(self) -> bytes:
        self.log.append("closed")
        if self._status != 200:
            self._fail(f"status {self._status}")
        elif self.head is Head.PENDING:
            body = b"".join(self.pieces)
            self._open(len(body) if self._whole else None)
            return body
        return b""

    def broken(self, how: Breakage, message: str) -> bytes:
        self.log.append(f"broken {how.value}")
        self.note = message
        if self.head is Head.OPEN:
            return b"[broken]"
        self._fail(message)
        return b""

    def cancelled(self) -> None:
        self.log.append("cancelled")

    def _open(self, length: int | None) -> None:
        self.head = Head.OPEN
        self.reply = ReplyHead(200, self._reply_headers, length)

    def _fail(self, note: str) -> None:
        self.head = Head.FAILED
        self.note = note


type Planned = UpstreamRequest | Wait | Answer | Exception
NOBODY = Answer(529, ((b"content-type", b"application/json"),), b'{"error": "nobody"}', b"[nobody]")


class ScriptedConductor:
    """Gives the planned steps one after the other, and NOBODY when there is none left. `slow`: next() takes a while."""

    def __init__(self, plan: Sequence[Planned], *, slow: bool = False, whole: bool = False) -> None:
        self.attempts: list[ScriptedAttempt] = []
        self.ends: list[tuple[int | None, int]] = []
        self.reply_headers: Headers = ()
        self.pace: Pace | None = None
        self.ended = asyncio.Event()
        self.deciding = asyncio.Event()
        self.decide = asyncio.Event()
        self._plan = list(plan)
        self._slow = slow
        self._whole = whole

    async def next(self) -> Step:
        if self._slow:
            self.deciding.set()
            await self.decide.wait()
        step = self._plan.pop(0) if self._plan else NOBODY
        if isinstance(step, Exception):
            raise step
        if isinstance(step, UpstreamRequest):
            self.attempts.append(ScriptedAttempt(step, len(self.attempts) + 1, self.reply_headers, whole=self._whole))
            return self.attempts[-1]
        return step

    def finished(self, status: int | None, sent_bytes: int) -> None:
        self.ends.append((status, sent_bytes))
        self.ended.set()

    @property
    def logs(self) -> list[list[str]]:
        """What each attempt was told."""
        return [attempt.log for attempt in self.attempts]


@dataclass
class Stage:
    """The running proxy. `conduct`: the exchange of a request at `/<name>` is conducted by conductors[name]."""

    master: DumpMaster
    engine: Engine
    port: int
    conductors: dict[str, ScriptedConductor] = field(default_factory=dict)
    flows: list[http.HTTPFlow] = field(default_factory=list)

    def conduct(self, *plan: Planned, name: str = "one", slow: bool = False, whole: bool = False) -> ScriptedConductor:
        """A conductor for the requests at /name."""
        conductor = self.conductors[name] = ScriptedConductor(plan, slow=slow, whole=whole)
        return conductor


class Attacher:
    """Stands for the gateway: attaches the exchange that the path names."""

    name = "attacher"

    def __init__(self) -> None:
        self.stage: Stage | None = None

    def request(self, flow: http.HTTPFlow) -> None:
        assert self.stage is not None
        conductor = self.stage.conductors.get(flow.request.path.removeprefix("/"))
        if conductor is None:
            return
        self.stage.flows.append(flow)
        exchanges.attach(
            flow,
            Exchange(
                id=flow.id,
                client=registry.dialect("openai_chat"),
                operation=Operation.GENERATE,
                body=flow.request.content or b"",
                headers={},
                model="m",
                stream=True,
                client_name="test",
                received_s=0.0,
                conductor=conductor,
            ),
        )


@functools.cache
def confdir() -> str:
    """Where mitmproxy keeps its certificates; made once, because that takes a while."""
    return tempfile.mkdtemp(prefix="engine-tests-")


@asynccontextmanager
async def proxy(
    *addons: Any, mode: str = "reverse:http://gateway.invalid@127.0.0.1:0", **options: Any
) -> AsyncIterator[Stage]:
    """A proxy on a free port, with the engine and these addons. Leaves no task of its own behind."""
    master = DumpMaster(Options(confdir=confdir()), with_termlog=False, with_dumper=False)
    attacher, engine = Attacher(), Engine(tick_s=TICK_S)
    master.addons.add(attacher, *addons, engine)
    master.options.update(
        mode=[mode],
        connection_strategy="lazy",
        keep_host_header=True,
        upstream_cert=False,
        ssl_insecure=True,
        **options,
    )
    up = asyncio.Event()
    master.addons.add(_Up(up))
    running = asyncio.create_task(master.run())
    await up.wait()
    server = master.addons.get("proxyserver")
    stage = Stage(master, engine, server.listen_addrs()[0][1])
    attacher.stage = stage
    try:
        yield stage
    finally:
        master.shutdown()
        await running
        for instance in server.servers:
            await instance.stop()
        for handler in list(server.connections.values()):
            if handler.client in handler.transports:
                handler.close_connection(handler.client)
        if clients := [task for task in asyncio.all_tasks() if task.get_name() == "client handler"]:
            await asyncio.wait(clients)


class _Up:
    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    def running(self) -> None:
        self._event.set()


def played[**P](scenario: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Runs an async test to its end, which must come within LONGEST_S, in a loop of its own."""

    @functools.wraps(scenario)
    def test(*args: P.args, **kwargs: P.kwargs) -> None:
        async def limited() -> None:
            async with asyncio.timeout(LONGEST_S):
                await scenario(*args, **kwargs)

        asyncio.run(limited(), loop_factory=loops[-1])

    return test


async def until(condition: Callable[[], bool]) -> None:
    """Gives the loop its turns until something has happened that has no event; the test's own limit ends it."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.001)
