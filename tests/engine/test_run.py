"""Attempts, waits and answers, end to end over HTTP/1.1."""

import asyncio
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from addons.exchange import Answer, Wait
from tests.engine.peers import (
    HEAD,
    Message,
    Script,
    Talk,
    Upstream,
    ask,
    chunk,
    client,
    closes,
    holds,
    post,
    replies,
    resets,
    streams,
    upstream,
    whole,
)
from tests.engine.stage import NOBODY, Planned, played, proxy, until
from tests.support.ports import free_port

pytestmark = pytest.mark.usefixtures("any_loop")


@played
async def test_a_stream_comes_through_in_order() -> None:
    async with proxy() as stage, upstream(streams(b"one", b"two", b"three")) as up:
        conductor = stage.conduct(up.request())
        reply = await ask(stage.port)
        assert (reply.status, reply.body) == (200, b"onetwothree")
        assert reply.headers[b"transfer-encoding"] == b"chunked"
        assert conductor.ends == [(200, 11)]
        assert conductor.logs == [["opened 200", "closed"]]


@played
async def test_all_chunks_of_one_network_read_reach_the_attempt_as_one_piece() -> None:
    async with proxy() as stage, upstream(streams(*[b"x" * 20] * 50)) as up:
        conductor = stage.conduct(up.request())
        await ask(stage.port)
        assert len(conductor.attempts[0].pieces) < 5


@played
async def test_the_upstream_hears_the_attempts_request_and_the_flow_keeps_the_clients() -> None:
    async with proxy() as stage, upstream(streams(b"x")) as up:
        stage.conduct(up.request())
        await ask(stage.port)
        [heard] = up.requests
        assert heard.first == b"POST /v1/up HTTP/1.1"
        assert heard.headers[b"authorization"] == b"Bearer test-key-1"
        assert heard.headers[b"host"] == b"127.0.0.1:%d" % up.port
        assert heard.body == b'{"q": 1}'
        [flow] = stage.flows
        assert flow.request.path == "/one"
        assert "authorization" not in flow.request.headers
        assert flow.request.content == b'{"model": "m"}'


@played
async def test_a_reply_of_known_length_goes_out_in_one_piece_with_its_length() -> None:
    async with proxy() as stage, upstream(replies(whole(200, b"x" * 5000))) as up:
        conductor = stage.conduct(up.request(), whole=True)
        reply = await ask(stage.port)
        assert reply.headers[b"content-length"] == b"5000"
        assert reply.body == b"x" * 5000
        assert conductor.ends == [(200, 5000)]


@played
async def test_a_request_of_a_megabyte_arrives_whole() -> None:
    body = bytes(range(256)) * 4096
    async with proxy() as stage, upstream(streams(b"ok")) as up:
        stage.conduct(up.request(body=body))
        assert (await ask(stage.port)).body == b"ok"
        assert up.requests[0].body == body


@played
async def test_the_next_attempt_answers_after_a_status_a_refusal_a_reset_and_a_late_error() -> None:
    async with (
        proxy() as stage,
        upstream(replies(whole(429, b"slow down"))) as limited,
        upstream(resets()) as resetting,
        upstream(streams(b"error: overloaded", b"more")) as failing,
        upstream(streams(b"good")) as good,
    ):
        conductor = stage.conduct(
            limited.request(),
            limited.request(port=free_port()),
            resetting.request(),
            failing.request(),
            good.request(),
        )
        reply = await ask(stage.port)
        assert (reply.status, reply.body, reply.headers[b"x-number"]) == (200, b"good", b"5")
        assert conductor.logs == [
            ["opened 429", "closed"],
            ["broken connect"],
            ["broken protocol"],
            ["opened 200"],
            ["opened 200", "closed"],
        ]
        assert conductor.ends == [(200, 4)]


@played
async def test_the_same_upstream_is_asked_again_on_the_same_connection() -> None:
    async with (
        proxy() as stage,
        upstream(replies(whole(429, b"no")), replies(whole(500, b"no")), streams(b"yes")) as up,
    ):
        conductor = stage.conduct(up.request(), up.request(), up.request())
        assert (await ask(stage.port)).body == b"yes"
        assert up.connections == 1
        assert len(conductor.attempts) == 3


@played
async def test_an_upstream_that_was_down_can_be_reached_on_the_same_client_connection_when_it_is_up() -> None:
    port = free_port()
    async with proxy() as stage, client(stage.port) as talk, upstream(streams(b"up")) as up:
        stage.conduct(up.request(port=port))
        await talk.send(post())
        assert (await talk.read()).status == 529
        server = await asyncio.start_server(up._serve, "127.0.0.1", port)
        stage.conduct(up.request(port=port))
        await talk.send(post())
        assert (await talk.read()).body == b"up"
        server.close()


@played
async def test_the_answer_comes_when_everybody_has_failed() -> None:
    async with proxy() as stage, upstream(replies(whole(500, b"no"))) as up:
        conductor = stage.conduct(up.request(), up.request())
        reply = await ask(stage.port)
        assert (reply.status, reply.body) == (NOBODY.status, NOBODY.body)
        assert reply.headers[b"content-type"] == b"application/json"
        assert conductor.ends == [(529, len(NOBODY.body))]


@played
async def test_an_answer_needs_no_upstream() -> None:
    async with proxy() as stage:
        conductor = stage.conduct(Answer(404, (), b"none", b""))
        assert (await ask(stage.port)).status == 404
        assert conductor.ends == [(404, 4)]


@played
async def test_a_wait_is_waited_for() -> None:
    async with proxy() as stage, upstream(streams(b"ok")) as up:
        stage.conduct(Wait(0.2), up.request())
        began = time.monotonic()
        assert (await ask(stage.port)).body == b"ok"
        assert time.monotonic() - began >= 0.2


@played
async def test_a_conductor_may_take_its_time() -> None:
    async with proxy() as stage, upstream(replies(whole(500, b"no")), streams(b"ok")) as up:
        conductor = stage.conduct(up.request(), up.request(), slow=True)
        asking = asyncio.create_task(ask(stage.port))
        await conductor.deciding.wait()
        conductor.decide.set()
        assert (await asking).body == b"ok"


BREAKS: dict[str, Script] = {
    "reset": resets(HEAD + chunk(b"half")),
    "closed": closes(HEAD + chunk(b"half")),
    "no chunk": closes(HEAD + chunk(b"half") + b"what?\r\n"),
}


@pytest.mark.parametrize("breaking", BREAKS.values(), ids=BREAKS.keys())
@played
async def test_a_reply_that_breaks_ends_in_the_attempts_own_words_and_properly(breaking: Script) -> None:
    async with proxy() as stage, upstream(breaking) as up, client(stage.port) as talk:
        conductor = stage.conduct(up.request(), up.request())
        await talk.send(post())
        reply = await talk.read()
        assert (reply.status, reply.body) == (200, b"half[broken]")
        assert conductor.logs == [["opened 200", "broken protocol"]]
        assert conductor.ends == [(200, 12)]
        stage.conduct(Answer(404, (), b"", b""))
        await talk.send(post())
        assert (await talk.read()).status == 404


@played
async def test_a_silent_upstream_is_given_up_before_its_reply() -> None:
    async with proxy() as stage, upstream(holds()) as silent, upstream(streams(b"ok")) as up:
        conductor = stage.conduct(silent.request(silence_timeout_s=0.1), up.request())
        assert (await ask(stage.port)).body == b"ok"
        assert conductor.logs[0] == ["broken timeout"]
        await silent.left.wait()


@played
async def test_a_silent_upstream_is_given_up_in_the_middle_of_its_reply() -> None:
    async with proxy() as stage, upstream(holds(HEAD + chunk(b"half"))) as up:
        conductor = stage.conduct(up.request(silence_timeout_s=0.1))
        assert (await ask(stage.port)).body == b"half[broken]"
        assert conductor.logs == [["opened 200", "broken timeout"]]
        await up.left.wait()


@pytest.mark.parametrize("begun", [False, True])
@played
async def test_a_lost_connection_is_noticed_where_mitmproxy_does_not_say_so(begun: bool) -> None:
    """mitmproxy may cancel the task that reads a connection just when that waits to say that it has closed."""
    let_go = asyncio.Event()

    async def breaks(_: Upstream, talk: Talk, __: Message) -> None:
        if begun:
            await talk.send(HEAD + chunk(b"data"))
        await let_go.wait()
        await talk.close()

    async with proxy() as stage, upstream(breaks) as up, client(stage.port) as talk:
        conductor = stage.conduct(up.request())
        await talk.send(post())
        await up.arrived.wait()
        if begun:
            assert (await talk.read_head()).status == 200
            assert await talk.read_chunk() == b"data"
        [handler] = stage.master.addons.get("proxyserver").connections.values()
        [(server, io)] = [(one, io) for one, io in handler.transports.items() if one is not handler.client]
        async with handler._server_event_lock:
            let_go.set()
            await until(lambda: not server.connected)
            io.handler.cancel()
            await asyncio.wait([io.handler])
        if begun:
            assert await talk.read_chunk() == b"[broken]"
        else:
            assert (await talk.read()).status == 529
        await conductor.ended.wait()
        assert conductor.logs[0][-1] == "broken protocol"


@played
async def test_an_upstream_that_keeps_talking_is_not_silent() -> None:
    async def drips(_: Upstream, talk: Talk, __: Message) -> None:
        await talk.send(HEAD)
        for _number in range(5):
            await asyncio.sleep(0.1)
            await talk.send(chunk(b"."))
        await talk.send(b"0\r\n\r\n")

    async with proxy() as stage, upstream(drips) as up:
        stage.conduct(up.request(silence_timeout_s=0.3))
        assert (await ask(stage.port)).body == b"....."


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port where nobody answers a dial: its queue is full."""
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        for _ in range(4):
            dialling = sockets.enter_context(socket.socket())
            dialling.setblocking(False)
            dialling.connect_ex(("127.0.0.1", port))
        yield port


@played
async def test_a_dial_that_takes_too_long_is_given_up() -> None:
    with deaf_port() as port:
        async with proxy() as stage, upstream(streams(b"ok")) as up:
            conductor = stage.conduct(up.request(port=port, connect_timeout_s=0.1), up.request())
            assert (await ask(stage.port)).body == b"ok"
            assert conductor.logs[0] == ["broken connect"]
            assert "within 0.1 s" in conductor.attempts[0].note


@played
async def test_a_kept_connection_that_the_upstream_has_closed_is_replaced_without_a_failed_attempt() -> None:
    async def answers_and_resets_at_the_next(_: Upstream, talk: Talk, __: Message) -> None:
        await talk.send(whole(200, b"first"))
        await talk.read()
        talk.reset()

    async with (
        proxy() as stage,
        client(stage.port) as talk,
        upstream(answers_and_resets_at_the_next, streams(b"second")) as up,
    ):
        stage.conduct(up.request())
        await talk.send(post())
        assert (await talk.read()).body == b"first"
        conductor = stage.conduct(up.request())
        await talk.send(post())
        assert (await talk.read()).body == b"second"
        assert conductor.logs == [["opened 200", "closed"]]
        assert up.connections == 2


@played
async def test_a_fresh_connection_that_dies_is_a_failed_attempt() -> None:
    async with proxy() as stage, upstream(resets()) as up:
        conductor = stage.conduct(up.request())
        assert (await ask(stage.port)).status == 529
        assert conductor.logs == [["broken protocol"]]
        assert up.connections == 1


@pytest.mark.parametrize("interim", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"])
@played
async def test_an_interim_reply_is_not_taken_for_the_reply(interim: bytes) -> None:
    async with proxy() as stage, upstream(replies(interim * 2 + whole(200, b"ok"))) as up:
        conductor = stage.conduct(up.request())
        assert (await ask(stage.port)).body == b"ok"
        assert conductor.logs == [["opened 200", "closed"]]


@played
async def test_an_upstream_that_switches_protocols_has_failed() -> None:
    switching = replies(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nhello")
    async with proxy() as stage, upstream(switching) as odd, upstream(streams(b"ok")) as up:
        stage.conduct(odd.request(), up.request())
        assert (await ask(stage.port)).body == b"ok"


@played
async def test_trailers_of_the_upstream_do_no_harm() -> None:
    with_trailers = replies(HEAD + chunk(b"data") + b"0\r\nx-trailer: 1\r\n\r\n")
    async with proxy() as stage, upstream(with_trailers) as up, client(stage.port) as talk:
        for _ in range(2):
            stage.conduct(up.request())
            await talk.send(post())
            assert (await talk.read()).body == b"data"
        assert up.connections == 1


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    ],
)
@played
async def test_a_reply_without_a_body_is_a_reply(reply: bytes) -> None:
    async with proxy() as stage, upstream(replies(reply)) as up:
        conductor = stage.conduct(up.request())
        assert (await ask(stage.port)).status in (200, 529)
        assert len(conductor.ends) == 1


@pytest.mark.parametrize("garbage", [b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x16\x03\x01\x00\r\n\r\n"])
@played
async def test_what_is_not_http_is_a_failed_attempt(garbage: bytes) -> None:
    async with proxy() as stage, upstream(replies(garbage)) as odd, upstream(streams(b"ok")) as up:
        conductor = stage.conduct(odd.request(), up.request())
        assert (await ask(stage.port)).body == b"ok"
        assert conductor.logs[0] == ["broken protocol"]


@played
async def test_headers_that_never_end_are_a_failed_attempt() -> None:
    async def endless(_: Upstream, talk: Talk, __: Message) -> None:
        await talk.send(b"HTTP/1.1 200 OK\r\n")
        while True:
            await talk.send(b"x-more: " + b"m" * 60000 + b"\r\n")

    async with proxy() as stage, upstream(endless) as odd, upstream(streams(b"ok")) as up:
        conductor = stage.conduct(odd.request(), up.request())
        assert (await ask(stage.port)).body == b"ok"
        assert conductor.logs[0] == ["broken protocol"]
        await odd.left.wait()


@played
async def test_long_headers_are_read() -> None:
    long = b"HTTP/1.1 200 OK\r\nx-long: " + b"m" * 300_000 + b"\r\ncontent-length: 2\r\n\r\nok"
    async with proxy() as stage, upstream(replies(long)) as up:
        stage.conduct(up.request())
        assert (await ask(stage.port)).body == b"ok"


@played
async def test_a_thousand_pipelined_requests_that_need_no_upstream_are_all_answered() -> None:
    async with proxy() as stage, client(stage.port) as talk:
        for number in range(1000):
            stage.conduct(Answer(429, (), b"%d" % number, b""), name=f"n{number}")
        await talk.send(b"".join(post(f"/n{number}") for number in range(1000)))
        for number in range(1000):
            reply = await talk.read()
            assert (reply.status, reply.body) == (429, b"%d" % number)


@played
async def test_a_client_of_http_1_0_gets_the_body_and_then_the_end_of_the_connection() -> None:
    async with proxy() as stage, upstream(streams(b"one", b"two")) as up, client(stage.port) as talk:
        stage.conduct(up.request())
        await talk.send(b"POST /one HTTP/1.0\r\ncontent-length: 0\r\nhost: x\r\n\r\n")
        head = await talk.read_head()
        assert b"transfer-encoding" not in head.headers
        assert await talk.reader.read() == b"onetwo"


@played
async def test_the_placeholder_host_is_never_dialled() -> None:
    async with proxy() as stage, upstream(streams(b"x")) as up:
        conductor = stage.conduct(up.request(host="gateway.invalid"))
        assert (await ask(stage.port)).status == 529
        assert conductor.logs == [["broken connect"]]
        assert (await ask(stage.port, "/nobody-claims-this")).status == 500


@played
async def test_an_exception_of_the_conductor_ends_in_an_error_for_the_client(caplog: pytest.LogCaptureFixture) -> None:
    async with proxy() as stage:
        conductor = stage.conduct(RuntimeError("broken by the test"))
        with caplog.at_level(logging.ERROR):
            reply = await ask(stage.port)
        assert reply.status == 500
        assert b"internal" in reply.body.lower() or b"gateway failed" in reply.body
        assert conductor.ends == [(500, len(reply.body))]
        assert "broken by the test" in caplog.text


@played
async def test_an_exception_of_an_attempt_in_mid_stream_ends_the_stream_with_an_error_frame() -> None:
    async with proxy() as stage, upstream(holds(HEAD + chunk(b"first"))) as up, client(stage.port) as talk:
        conductor = stage.conduct(up.request())
        await talk.send(post())
        await talk.read_head()
        assert await talk.read_chunk() == b"first"
        conductor.attempts[0].feed = None  # type: ignore[assignment, method-assign]
        [writer] = up.writers
        writer.write(chunk(b"second"))
        assert b"error" in await talk.read_chunk()
        assert await talk.read_chunk() == b""
        await up.left.wait()
        assert conductor.logs == [["opened 200", "cancelled"]]
        assert [status for status, _ in conductor.ends] == [200]


@pytest.mark.parametrize("at", ["attempt's request", "reply's head"])
@played
async def test_an_exception_inside_mitmproxys_layers_ends_the_exchange(at: str) -> None:
    unspeakable = ((b"x-odd", 5),)
    async with proxy() as stage, upstream(holds(HEAD + chunk(b"first"))) as up, client(stage.port) as talk:
        if at == "attempt's request":
            conductor = stage.conduct(up.request(headers=unspeakable))
            await talk.send(post())
            assert (await talk.read()).status == 500
            assert [status for status, _ in conductor.ends] == [500]
        else:
            conductor = stage.conduct(up.request())
            conductor.reply_headers = unspeakable  # type: ignore[assignment]
            await talk.send(post())
            await talk.gone()
            await up.left.wait()
            assert [status for status, _ in conductor.ends] == [None]
        assert conductor.logs[0][-1] == "cancelled"


@played
async def test_a_hundred_mixed_exchanges_at_once_get_each_their_own_reply() -> None:
    async def echo(_: Upstream, talk: Talk, message: Message) -> None:
        await asyncio.sleep(0.01)
        await talk.send(HEAD + chunk(message.body[:5]) + chunk(message.body[5:]) + b"0\r\n\r\n")

    async with (
        proxy() as stage,
        upstream(echo) as good,
        upstream(replies(whole(503, b"busy"))) as busy,
        upstream(resets()) as resetting,
        upstream(resets(HEAD)) as late,
    ):
        dead = free_port()

        async def one(number: int) -> None:
            body = b"number %d " % number * (1 + number % 7)
            bad: list[Planned] = [
                busy.request(),
                resetting.request(),
                late.request(),
                good.request(port=dead),
                Wait(0.02),
            ]
            plan = bad[: number % 6]
            conductor = stage.conduct(*plan, good.request(body=body), name=f"n{number}")
            reply = await ask(stage.port, f"/n{number}")
            assert reply.body == body
            assert conductor.ends == [(200, len(body))]

        await asyncio.gather(*(one(number) for number in range(100)))


@played
async def test_a_flow_that_is_no_exchange_goes_the_stock_way() -> None:
    async with (
        upstream(streams(b"a", b"b")) as up,
        proxy(mode=f"reverse:http://127.0.0.1:{up.port}@127.0.0.1:0") as stage,
    ):
        reply = await ask(stage.port, "/stock")
        assert reply.body == b"ab"
        assert up.requests[0].first == b"POST /stock HTTP/1.1"
