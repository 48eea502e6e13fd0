"""What the client hears while there is nothing to send, and what becomes of the reply that this has opened."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from mitmproxy import http

from addons.exchange import Answer, Head, Headers, Pace, ReplyHead, Step, UpstreamRequest, Wait
from tests.engine.http2 import http2_client
from tests.engine.peers import (
    END,
    HEAD,
    Message,
    Script,
    Talk,
    Upstream,
    chunk,
    client,
    holds,
    post,
    resets,
    streams,
    upstream,
    whole,
)
from tests.engine.stage import ScriptedAttempt, ScriptedConductor, Stage, played, proxy, until
from tests.engine.test_client_gone import Leave, gone_within, leaving
from tests.engine.test_run import deaf_port

pytestmark = pytest.mark.usefixtures("any_loop")

WAITING = b": wait\n\n"
EARLY_HEAD = ReplyHead(200, ((b"content-type", b"text/event-stream"), (b"x-early", b"yes")))
PACE = Pace(0.05, 0.05, WAITING, EARLY_HEAD)
ONCE = Pace(0.05, float("inf"), WAITING, EARLY_HEAD)


def paced(conductor: ScriptedConductor, pace: Pace = PACE) -> ScriptedConductor:
    conductor.pace = pace
    return conductor


async def hears_the_opening(talk: Talk) -> None:
    """The head that the first keep-alive opens, and that one."""
    head = await talk.read_head()
    assert (head.status, head.headers[b"x-early"]) == (200, b"yes")
    assert b"content-length" not in head.headers
    assert await talk.read_chunk() == WAITING


async def rest_of(talk: Talk) -> bytes:
    """The body's further chunks, without keep-alives."""
    body = b""
    while data := await talk.read_chunk():
        body += b"" if data == WAITING else data
    return body


def when(told: asyncio.Event, then: Script) -> Script:
    """Is silent until it is told, and then does that."""

    async def script(served: Upstream, talk: Talk, message: Message) -> None:
        await told.wait()
        await then(served, talk, message)

    return script


# Where it is silent.


@asynccontextmanager
async def deciding(stage: Stage) -> AsyncIterator[ScriptedConductor]:
    yield stage.conduct(slow=True)


@asynccontextmanager
async def waiting(stage: Stage) -> AsyncIterator[ScriptedConductor]:
    yield stage.conduct(Wait(30))


@asynccontextmanager
async def connecting(stage: Stage) -> AsyncIterator[ScriptedConductor]:
    with deaf_port() as port:
        yield stage.conduct(Upstream([], port=port).request())


@asynccontextmanager
async def before_the_head(stage: Stage) -> AsyncIterator[ScriptedConductor]:
    async with upstream(holds()) as up:
        yield stage.conduct(up.request())


@asynccontextmanager
async def behind_a_head_that_is_held(stage: Stage) -> AsyncIterator[ScriptedConductor]:
    async with upstream(holds(HEAD)) as up:
        yield stage.conduct(up.request())


type Place = Callable[[Stage], AbstractAsyncContextManager[ScriptedConductor]]
silent = pytest.mark.parametrize(
    "place", [deciding, waiting, connecting, before_the_head, behind_a_head_that_is_held], ids=lambda one: one.__name__
)


@silent
@played
async def test_the_client_hears_keep_alives_wherever_the_exchange_stands(place: Place) -> None:
    async with proxy() as stage, place(stage) as conductor, client(stage.port) as talk:
        paced(conductor)
        await talk.send(post())
        await hears_the_opening(talk)
        for _ in range(3):
            assert await talk.read_chunk() == WAITING


@silent
@leaving
@played
async def test_a_client_that_leaves_after_a_keep_alive_is_gone(place: Place, leave: Leave) -> None:
    async with proxy() as stage, place(stage) as conductor, client(stage.port) as talk:
        paced(conductor)
        await talk.send(post())
        await hears_the_opening(talk)
        await leave(stage, talk)
        await gone_within(conductor, None)


@played
async def test_an_upstream_that_falls_silent_in_mid_stream_is_covered_too() -> None:
    go_on = asyncio.Event()

    async def pauses(_: Upstream, talk: Talk, __: Message) -> None:
        await talk.send(HEAD + chunk(b"first"))
        await go_on.wait()
        await talk.send(chunk(b"second") + END)

    async with proxy() as stage, upstream(pauses) as up, client(stage.port) as talk:
        conductor = paced(stage.conduct(up.request()))
        await talk.send(post())
        assert (await talk.read_head()).headers[b"x-number"] == b"1"
        assert await talk.read_chunk() == b"first"
        assert await talk.read_chunk() == WAITING
        assert await talk.read_chunk() == WAITING
        go_on.set()
        assert await rest_of(talk) == b"second"
        assert conductor.logs == [["opened 200", "closed"]]


@played
async def test_nothing_is_said_while_the_upstream_talks() -> None:
    async def drips(_: Upstream, talk: Talk, __: Message) -> None:
        await talk.send(HEAD)
        for _number in range(20):
            await talk.send(chunk(b"."))
            await asyncio.sleep(0.05)
        await talk.send(END)

    pace = Pace(0.5, 0.5, WAITING, EARLY_HEAD)
    async with proxy() as stage, upstream(drips) as up, client(stage.port) as talk:
        paced(stage.conduct(up.request()), pace)
        await talk.send(post())
        reply = await talk.read()
        assert reply.headers[b"x-number"] == b"1"
        assert reply.body == b"." * 20


@played
async def test_who_has_no_pace_hears_nothing_before_the_reply() -> None:
    told = asyncio.Event()
    async with proxy() as stage, upstream(when(told, streams(b"done"))) as up, client(stage.port) as talk:
        stage.conduct(up.request())
        paced(stage.conduct(Wait(30), name="other"))
        async with client(stage.port) as other:
            await talk.send(post())
            await other.send(post("/other"))
            await hears_the_opening(other)
            assert await other.read_chunk() == WAITING
            told.set()
            reply = await talk.read()
        assert (reply.headers[b"x-number"], reply.body) == (b"1", b"done")


# What becomes of the reply.


@played
async def test_the_reply_goes_on_behind_the_head_that_was_opened_early() -> None:
    told = asyncio.Event()
    async with proxy() as stage, upstream(when(told, streams(b"one", b"two"))) as up, client(stage.port) as talk:
        conductor = paced(stage.conduct(up.request()), ONCE)
        await talk.send(post())
        await hears_the_opening(talk)
        told.set()
        assert await rest_of(talk) == b"onetwo"
        assert conductor.ends == [(200, len(WAITING + b"onetwo"))]
        assert stage.flows[0].response is not None
        assert "x-number" not in stage.flows[0].response.headers
        stage.conduct(up.request())
        await talk.send(post())
        assert (await talk.read()).body == b"onetwo"


@played
async def test_a_reply_of_known_length_comes_without_its_length() -> None:
    told = asyncio.Event()
    pace = Pace(0.05, 0.05, b"\n", ReplyHead(200, ((b"content-type", b"application/json"), (b"x-early", b"yes"))))

    async def answers(_: Upstream, talk: Talk, __: Message) -> None:
        await told.wait()
        await talk.send(whole(200, b'{"a": 1}'))

    async with proxy() as stage, upstream(answers) as up, client(stage.port) as talk:
        paced(stage.conduct(up.request(), whole=True), pace)
        await talk.send(post())
        head = await talk.read_head()
        assert b"content-length" not in head.headers
        assert await talk.read_chunk() == b"\n"
        told.set()
        assert (await rest_of(talk)).strip() == b'{"a": 1}'


@played
async def test_a_length_that_was_promised_is_kept() -> None:
    told = asyncio.Event()

    class KnowsItsLength(ScriptedAttempt):
        def opened(self, status: int, headers: Headers) -> None:
            super().opened(status, headers)
            self.head = Head.OPEN
            self.reply = ReplyHead(200, (), 4)

    class Conductor(ScriptedConductor):
        request: UpstreamRequest

        async def next(self) -> Step:
            self.attempts.append(KnowsItsLength(self.request, 1))
            return self.attempts[-1]

    async def pauses(_: Upstream, talk: Talk, __: Message) -> None:
        await talk.send(HEAD + chunk(b"ab"))
        await told.wait()
        await talk.send(chunk(b"cd") + END)

    async with proxy() as stage, upstream(pauses) as up, client(stage.port) as talk, client(stage.port) as other:
        conductor = Conductor([])
        conductor.request = up.request()
        stage.conductors["one"] = paced(conductor)
        paced(stage.conduct(Wait(30), name="other"))
        await talk.send(post())
        await up.arrived.wait()
        await other.send(post("/other"))
        await hears_the_opening(other)
        for _ in range(3):
            await other.read_chunk()
        told.set()
        reply = await talk.read()
        assert (reply.headers[b"content-length"], reply.body) == (b"4", b"abcd")


@pytest.mark.parametrize(
    "failing",
    [whole(429, b"slow down"), HEAD + chunk(b"error: overloaded") + END, b"garbage\r\n\r\n", None],
    ids=["status", "error at the head", "protocol", "reset"],
)
@played
async def test_attempts_still_fail_over_after_a_keep_alive(failing: bytes | None) -> None:
    told = asyncio.Event()

    async def fails(served: Upstream, talk: Talk, message: Message) -> None:
        await told.wait()
        if failing is None:
            await resets()(served, talk, message)
        else:
            await talk.send(failing)

    async with (
        proxy() as stage,
        upstream(fails) as bad,
        upstream(streams(b"good")) as good,
        client(stage.port) as talk,
    ):
        conductor = paced(stage.conduct(bad.request(), Wait(0.2), good.request()))
        await talk.send(post())
        await hears_the_opening(talk)
        told.set()
        assert await rest_of(talk) == b"good"
        assert [attempt.head for attempt in conductor.attempts] == [Head.FAILED, Head.OPEN]
        assert [status for status, _ in conductor.ends] == [200]


@played
async def test_when_all_have_failed_the_answer_is_in_the_stream() -> None:
    told = asyncio.Event()

    async def refuses(_: Upstream, talk: Talk, __: Message) -> None:
        await told.wait()
        await talk.send(whole(500, b"oops"))

    async with proxy() as stage, upstream(refuses) as up, client(stage.port) as talk:
        conductor = paced(stage.conduct(up.request()), ONCE)
        await talk.send(post())
        await hears_the_opening(talk)
        told.set()
        assert await rest_of(talk) == b"[nobody]"
        assert conductor.ends == [(200, len(WAITING + b"[nobody]"))]


@played
async def test_a_fault_of_ours_is_told_in_the_stream(caplog: pytest.LogCaptureFixture) -> None:
    async with proxy() as stage, client(stage.port) as talk:
        conductor = paced(stage.conduct(RuntimeError("broken by the test"), slow=True))
        await talk.send(post())
        await hears_the_opening(talk)
        with caplog.at_level(logging.ERROR):
            conductor.decide.set()
            assert (await rest_of(talk)).startswith(b'data: {"error":')
        assert "broken by the test" in caplog.text
        assert [status for status, _ in conductor.ends] == [200]


@played
async def test_an_answer_before_the_first_keep_alive_keeps_its_status() -> None:
    async with proxy() as stage, client(stage.port) as talk:
        paced(stage.conduct(Answer(404, (), b"none", b"[none]")))
        await talk.send(post())
        reply = await talk.read()
        assert (reply.status, reply.body) == (404, b"none")


# Other addons, other clients.


@pytest.mark.parametrize("way", ["killed", "gone"])
@played
async def test_the_early_head_has_its_hook_in_which_the_flow_may_end(way: str) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    class Meddles:
        name = "meddles"

        async def responseheaders(self, flow: http.HTTPFlow) -> None:
            entered.set()
            if way == "killed":
                flow.kill()
            else:
                await leave.wait()

    async with proxy(Meddles()) as stage, upstream(holds()) as up, client(stage.port) as talk:
        conductor = paced(stage.conduct(up.request()))
        await talk.send(post())
        await entered.wait()
        await talk.close()
        leave.set()
        await up.left.wait()
        await gone_within(conductor, None)


@played
async def test_an_addon_that_changes_the_stream_gets_keep_alives_as_any_piece_of_it() -> None:
    told = asyncio.Event()

    class Shouts:
        name = "shouts"

        def responseheaders(self, flow: http.HTTPFlow) -> None:
            assert flow.response is not None
            flow.response.stream = bytes.upper

    async with (
        proxy(Shouts()) as stage,
        upstream(when(told, streams(b"done"))) as up,
        client(stage.port) as talk,
    ):
        paced(stage.conduct(up.request()), ONCE)
        await talk.send(post())
        await talk.read_head()
        assert await talk.read_chunk() == WAITING.upper()
        told.set()
        assert await rest_of(talk) == b"DONE"


@played
async def test_a_keep_alive_that_came_too_late_is_none() -> None:
    """It was due while a hook held the stream; behind the hook the reply itself was sent."""
    told = asyncio.Event()

    class Slow:
        name = "slow"

        async def responseheaders(self, flow: http.HTTPFlow) -> None:
            parts: Any = stage.engine._installed
            await until(lambda: all(run.woken for run in parts._timers.running))

    async def answers(_: Upstream, talk: Talk, __: Message) -> None:
        await talk.send(HEAD + chunk(b"first"))
        await told.wait()
        await talk.send(chunk(b"last") + END)

    async with proxy(Slow()) as stage, upstream(answers) as up, client(stage.port) as talk:
        paced(stage.conduct(up.request()), ONCE)
        await talk.send(post())
        assert (await talk.read_head()).headers[b"x-number"] == b"1"
        assert await talk.read_chunk() == b"first"
        told.set()
        assert [await talk.read_chunk(), await talk.read_chunk()] == [b"last", b""]


async def of_http_1_0(stage: Stage, told: asyncio.Event) -> bytes:
    async with client(stage.port) as talk:
        await talk.send(b"POST /one HTTP/1.0\r\ncontent-length: 0\r\nhost: x\r\n\r\n")
        assert b"transfer-encoding" not in (await talk.read_head()).headers
        first = await talk.reader.readexactly(len(WAITING))
        told.set()
        return first + await talk.reader.read()


async def of_http_2(stage: Stage, told: asyncio.Event) -> bytes:
    async with http2_client(stage.port) as talk:
        reply = talk.ask("/one")
        await until(lambda: bool(reply.body))
        told.set()
        await reply.ended.wait()
        return reply.body


@pytest.mark.parametrize("hears", [of_http_1_0, of_http_2])
@played
async def test_a_client_of_another_kind_of_http_hears_them_too(
    hears: Callable[[Stage, asyncio.Event], Awaitable[bytes]],
) -> None:
    told = asyncio.Event()
    async with proxy() as stage, upstream(when(told, streams(b"done"))) as up:
        paced(stage.conduct(up.request()), ONCE)
        assert await hears(stage, told) == WAITING + b"done"
