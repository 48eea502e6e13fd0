"""HTTP/2 and TLS, on either side and on both."""

import asyncio

import pytest

from addons.exchange import Wait
from tests.engine.http2 import Http2, Stream, client_context, http2_client, http2_upstream, server_context
from tests.engine.peers import (
    END,
    HEAD,
    Message,
    Talk,
    Upstream,
    chunk,
    holds,
    post,
    replies,
    resets,
    streams,
    upstream,
    whole,
)
from tests.engine.stage import Planned, played, proxy, until
from tests.support.ports import free_port

pytestmark = pytest.mark.usefixtures("any_loop")


async def echoes(connection: Http2, stream_id: int, request: Stream) -> None:
    """What it was asked, in two frames."""
    connection.reply(stream_id, 200, request.body[:5], request.body[5:])


@played
async def test_a_client_of_http2_is_answered_by_upstreams_of_every_kind() -> None:
    async with (
        proxy() as stage,
        upstream(streams(b"plain")) as plain,
        upstream(streams(b"tls"), tls=server_context("http/1.1")) as secure,
        http2_upstream(echoes) as second,
        http2_client(stage.port) as talk,
    ):
        for request, body in (
            (plain.request(), b"plain"),
            (secure.request(), b"tls"),
            (second.request(b"h2!"), b"h2!"),
        ):
            conductor = stage.conduct(request)
            reply = talk.ask("/one")
            await reply.ended.wait()
            assert (reply.status, reply.body) == (200, body)
            assert b"transfer-encoding" not in reply.headers
            assert conductor.ends == [(200, len(body))]
        heard = second.connections[0].streams[1].headers
        assert heard[b":authority"] == b"127.0.0.1:%d" % second.port
        assert heard[b"content-type"] == b"application/json"
        assert b"host" not in heard


@pytest.mark.parametrize("times", [1, 3])
@played
async def test_a_client_of_http2_may_ask_an_upstream_of_http1_as_often_and_as_much_at_once_as_it_likes(
    times: int,
) -> None:
    everybody = asyncio.Event()

    async def answers_once_all_are_there(served: Upstream, talk: Talk, _: Message) -> None:
        if len(served.requests) >= 12:
            everybody.set()
        await everybody.wait()
        await talk.send(HEAD + chunk(b"here") + END)

    async with proxy() as stage, upstream(answers_once_all_are_there) as up, http2_client(stage.port) as talk:
        for _ in range(times):
            asked = []
            for number in range(12):
                stage.conduct(up.request(), name=f"n{number}")
                asked.append(talk.ask(f"/n{number}"))
            for reply in asked:
                await reply.ended.wait()
                assert reply.body == b"here"
        await until(lambda: not up.writers)
        assert up.connections == 12 * times


@played
async def test_a_client_of_http1_over_tls_is_answered_by_an_upstream_over_tls() -> None:
    async with proxy() as stage, upstream(streams(b"a", b"b"), tls=server_context("http/1.1")) as up:
        stage.conduct(up.request())
        talk = Talk(*await asyncio.open_connection("127.0.0.1", stage.port, ssl=client_context("http/1.1")))
        await talk.send(post())
        assert (await talk.read()).body == b"ab"
        await talk.close()


@played
async def test_failures_of_every_kind_are_made_good_for_a_client_of_http2() -> None:
    async def refuses(connection: Http2, stream_id: int, _: Stream) -> None:
        connection.reply(stream_id, 429, b"slow down")

    async def resets_the_stream(connection: Http2, stream_id: int, request: Stream) -> None:
        connection.cancel(request)

    async with (
        proxy() as stage,
        http2_upstream(refuses) as busy,
        http2_upstream(resets_the_stream) as resetting,
        upstream(replies(whole(500, b"no")), resets()) as plain,
        http2_upstream(echoes) as good,
        http2_client(stage.port) as talk,
    ):
        conductor = stage.conduct(
            busy.request(),
            busy.request(),
            resetting.request(),
            plain.request(),
            Wait(0.01),
            plain.request(),
            plain.request(port=free_port()),
            good.request(b"at last"),
        )
        reply = talk.ask("/one")
        await reply.ended.wait()
        assert (reply.status, reply.body) == (200, b"at last")
        assert [log[-1] for log in conductor.logs] == [
            "closed",
            "closed",
            "broken protocol",
            "closed",
            "broken protocol",
            "broken connect",
            "closed",
        ]
        assert len(busy.connections) == 1


@played
async def test_a_stream_of_an_upstream_that_breaks_ends_properly() -> None:
    async def breaks(connection: Http2, stream_id: int, request: Stream) -> None:
        connection.reply(stream_id, 200, b"half", end=False)
        connection.cancel(request)

    async with proxy() as stage, http2_upstream(breaks) as up, http2_client(stage.port) as talk:
        stage.conduct(up.request())
        reply = talk.ask("/one")
        await reply.ended.wait()
        assert reply.body == b"half[broken]"
        assert not reply.reset.is_set()


@pytest.mark.parametrize("second", [True, False], ids=["upstream speaks h2", "upstream speaks h1"])
@played
async def test_a_stream_that_the_client_resets_is_cancelled_upstream_and_the_connection_goes_on(second: bool) -> None:
    async def begins(connection: Http2, stream_id: int, request: Stream) -> None:
        if request.body == b"begin":
            connection.reply(stream_id, 200, b"first", end=False)
        else:
            connection.reply(stream_id, 200, request.body)

    async with (
        proxy() as stage,
        http2_upstream(begins) as modern,
        upstream(holds(HEAD + chunk(b"first"))) as old,
        http2_client(stage.port) as talk,
    ):
        conductor = stage.conduct(modern.request(b"begin") if second else old.request())
        reply = talk.ask("/one")
        await reply.data.wait()
        talk.cancel(reply)
        async with asyncio.timeout(1):
            await conductor.ended.wait()
            await (modern.connections[0].streams[1].reset if second else old.left).wait()
        assert conductor.ends == [(None, 5)]
        assert conductor.logs == [["opened 200", "cancelled"]]
        stage.conduct(modern.request(b"and on"))
        after = talk.ask("/one")
        await after.ended.wait()
        assert after.body == b"and on"


@played
async def test_a_kill_resets_the_clients_stream() -> None:
    async with proxy() as stage, upstream(holds(HEAD + chunk(b"first"))) as up, http2_client(stage.port) as talk:
        conductor = stage.conduct(up.request())
        reply = talk.ask("/one")
        await reply.data.wait()
        stage.flows[0].kill()
        await reply.reset.wait()
        await up.left.wait()
        assert conductor.ends == [(None, 5)]


@played
async def test_a_fault_of_one_exchange_leaves_the_others_of_its_connection_alone() -> None:
    async with proxy() as stage, upstream(holds(HEAD + chunk(b"first"))) as up, http2_client(stage.port) as talk:
        conductors = [stage.conduct(up.request(), name=name) for name in ("a", "b")]
        asked = [talk.ask("/a"), talk.ask("/b")]
        for reply in asked:
            await reply.data.wait()
        conductors[0].attempts[0].feed = None  # type: ignore[assignment, method-assign]
        for writer in up.writers:
            writer.write(chunk(b"more"))
        await asked[0].ended.wait()
        assert b"error" in asked[0].body
        await until(lambda: asked[1].body == b"firstmore")
        assert conductors[1].ends == []


@played
async def test_a_hundred_mixed_exchanges_on_one_connection_get_each_their_own_reply() -> None:
    async def refuses(connection: Http2, stream_id: int, _: Stream) -> None:
        connection.reply(stream_id, 503, b"busy")

    async with (
        proxy() as stage,
        http2_upstream(echoes) as good,
        http2_upstream(refuses) as busy,
        upstream(resets()) as resetting,
        http2_client(stage.port) as talk,
    ):
        dead = free_port()

        async def one(number: int) -> None:
            body = b"number %d " % number * (1 + number % 7 * 1000)
            bad: list[Planned] = [busy.request(), resetting.request(), resetting.request(port=dead), Wait(0.02)]
            conductor = stage.conduct(*bad[: number % 5], good.request(body), name=f"n{number}")
            reply = talk.ask(f"/n{number}")
            await reply.ended.wait()
            assert reply.body == body
            assert conductor.ends == [(200, len(body))]

        await asyncio.gather(*(one(number) for number in range(100)))
        assert len(good.connections) == 1
