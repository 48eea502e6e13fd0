"""The client leaves, or somebody kills the flow: the upstream is let go at once and the exchange ends once."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from mitmproxy import http

from addons.engine.layer import ExchangeHttpLayer
from addons.exchange import Answer, Wait
from tests.engine.peers import HEAD, Talk, Upstream, chunk, client, holds, post, streams, upstream
from tests.engine.stage import ScriptedConductor, Stage, played, proxy, until
from tests.engine.test_run import deaf_port

pytestmark = pytest.mark.usefixtures("any_loop")

WITHIN_S = 1.0


async def gone_within(conductor: ScriptedConductor, event: asyncio.Event | None) -> None:
    """The exchange has ended for a client that is not there, and the upstream was told, in time."""
    began = time.monotonic()
    await conductor.ended.wait()
    if event is not None:
        await event.wait()
    assert time.monotonic() - began < WITHIN_S
    assert [status for status, _ in conductor.ends] == [None]
    if conductor.attempts:
        assert conductor.logs[-1][-1] == "cancelled"


type Leave = Callable[[Stage, Talk], Awaitable[None]]


async def closes_the_connection(_: Stage, talk: Talk) -> None:
    await talk.close()


async def resets_the_connection(_: Stage, talk: Talk) -> None:
    talk.reset()


async def is_killed(stage: Stage, _: Talk) -> None:
    stage.flows[0].kill()


leaving = pytest.mark.parametrize("leave", [closes_the_connection, resets_the_connection, is_killed])


@leaving
@played
async def test_in_the_middle_of_a_stream(leave: Leave) -> None:
    async with proxy() as stage, upstream(holds(HEAD + chunk(b"first"))) as up, client(stage.port) as talk:
        conductor = stage.conduct(up.request())
        await talk.send(post())
        await talk.read_head()
        await talk.read_chunk()
        await leave(stage, talk)
        await gone_within(conductor, up.left)
        assert conductor.ends == [(None, 5)]
        assert stage.flows[0].error is not None


@leaving
@played
async def test_while_the_upstream_is_silent(leave: Leave) -> None:
    async with proxy() as stage, upstream(holds()) as up, client(stage.port) as talk:
        conductor = stage.conduct(up.request())
        await talk.send(post())
        await up.arrived.wait()
        await leave(stage, talk)
        await gone_within(conductor, up.left)


@leaving
@played
async def test_during_a_wait(leave: Leave) -> None:
    async with proxy() as stage, client(stage.port) as talk:
        conductor = stage.conduct(Wait(30))
        await talk.send(post())
        await until(lambda: bool(stage.flows))
        await leave(stage, talk)
        await gone_within(conductor, None)


@leaving
@played
async def test_while_the_conductor_thinks(leave: Leave) -> None:
    async with proxy() as stage, client(stage.port) as talk:
        conductor = stage.conduct(Answer(200, (), b"late", b""), slow=True)
        await talk.send(post())
        await conductor.deciding.wait()
        await leave(stage, talk)
        await gone_within(conductor, None)


@leaving
@played
async def test_during_a_dial(leave: Leave) -> None:
    with deaf_port() as port:
        async with proxy() as stage, client(stage.port) as talk:
            conductor = stage.conduct(Upstream([], port=port).request())
            await talk.send(post())
            await until(lambda: bool(conductor.attempts))
            await leave(stage, talk)
            await gone_within(conductor, None)


@pytest.mark.parametrize("hook", ["request", "responseheaders", "response"])
@played
async def test_killed_in_a_hook(hook: str) -> None:
    class Killer:
        name = "killer"

    def kill(flow: http.HTTPFlow) -> None:
        flow.kill()

    setattr(Killer, hook, staticmethod(kill))
    async with proxy(Killer()) as stage, upstream(holds(HEAD + chunk(b"first") + b"0\r\n\r\n")) as up:
        conductor = stage.conduct(up.request())
        async with client(stage.port) as talk:
            await talk.send(post())
            await talk.gone()
        await conductor.ended.wait()
        assert len(conductor.ends) == 1
        assert conductor.ends[0][0] is None
        if hook == "responseheaders":
            await up.left.wait()
            assert conductor.logs == [["opened 200", "cancelled"]]


@pytest.mark.parametrize("hook", ["request", "responseheaders", "response"])
@played
async def test_gone_while_a_hook_of_another_addon_runs(hook: str) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    class Slow:
        name = "slow"

    async def wait(flow: http.HTTPFlow) -> None:
        entered.set()
        await leave.wait()

    setattr(Slow, hook, staticmethod(wait))
    async with proxy(Slow()) as stage, upstream(holds(HEAD + chunk(b"first") + b"0\r\n\r\n")) as up:
        conductor = stage.conduct(up.request())
        async with client(stage.port) as talk:
            await talk.send(post())
            await entered.wait()
        await until(lambda: not stage.master.addons.get("proxyserver").connections)
        leave.set()
        await conductor.ended.wait()
        assert [status for status, _ in conductor.ends] == [None]


@played
async def test_an_exchange_that_another_addon_has_answered_ends_too() -> None:
    class Answers:
        name = "answers"

        def request(self, flow: http.HTTPFlow) -> None:
            flow.response = http.Response.make(418, b"teapot")

    async with proxy(Answers()) as stage, client(stage.port) as talk:
        conductor = stage.conduct(Answer(200, (), b"never", b""))
        await talk.send(post())
        assert (await talk.read()).status == 418
        assert conductor.ends == [(418, 6)]


@played
async def test_the_proxy_ends_while_an_exchange_runs() -> None:
    async with upstream(holds(HEAD + chunk(b"first"))) as up:
        async with proxy() as stage:
            conductor = stage.conduct(up.request())
            talk = Talk(*await asyncio.open_connection("127.0.0.1", stage.port))
            await talk.send(post())
            await talk.read_head()
        await conductor.ended.wait()
        assert conductor.ends == [(None, 5)]
        await talk.close()


@played
async def test_nothing_of_an_exchange_stays_behind() -> None:
    async with proxy() as stage, upstream(streams(b"x")) as up, client(stage.port) as talk:
        for number in range(20):
            conductor = stage.conduct(up.request(port=1), Wait(0), up.request(), name=f"n{number}")
            await talk.send(post(f"/n{number}"))
            assert (await talk.read()).body == b"x"
            assert len(conductor.ends) == 1
        [handler] = stage.master.addons.get("proxyserver").connections.values()
        layer = handler.layer
        while not isinstance(layer, ExchangeHttpLayer):
            layer = getattr(layer, "child_layer", None) or layer.layer
        assert layer.streams == {}
        assert layer.command_sources == {}
        assert not any(layer.waiting_for_establishment.values())
        assert len(layer.connections) <= 3
        assert handler.wakeup_timer == set()
