"""mitmproxy's own log lines. That it still words them so is shown by tests/e2e/test_start.py."""

import asyncio
import errno
import inspect
import logging
import socket
import struct

import pytest
from mitmproxy.connection import ConnectionState, Server
from mitmproxy.master import Master
from mitmproxy.proxy.commands import StartHook
from mitmproxy.proxy.events import Event
from mitmproxy.proxy.server import ConnectionHandler, ConnectionIO

from addons.quiet import LOGGERS, Quiet
from tests.support.ports import free_port

SERVER, LISTENER, MASTER = LOGGERS
UNHANDLED = "Unhandled error in task."


def kept(said: str, logger: str, caplog: pytest.LogCaptureFixture, *, on: bool = True) -> str:
    """What of it comes through."""
    quiet = Quiet()
    quiet.on = on
    quiet.install()
    try:
        with caplog.at_level(logging.INFO):
            logging.getLogger(logger).info(said)
    finally:
        quiet.remove()
    return caplog.text


def kept_error(error: BaseException, caplog: pytest.LogCaptureFixture, *, on: bool = True) -> str:
    """What comes through of an error that nobody has asked a task of asyncio for."""
    quiet = Quiet()
    quiet.on = on
    quiet.install()
    logging.getLogger(MASTER).error(UNHANDLED, exc_info=(type(error), error, error.__traceback__))
    quiet.remove()
    return caplog.text


@pytest.mark.parametrize(
    "said",
    [
        "client connect",
        "client disconnect",
        "server connect 127.0.0.1:9",
        "server disconnect 127.0.0.1:9",
        "error establishing server connection: refused",
    ],
)
def test_connections_that_come_go_or_fail_are_for_debug(said: str, caplog: pytest.LogCaptureFixture) -> None:
    assert kept(said, SERVER, caplog) == ""
    assert said in kept(said, SERVER, caplog, on=False)


def test_a_crash_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert "crashed" in kept("mitmproxy has crashed!", SERVER, caplog)


class Handler(ConnectionHandler):
    """mitmproxy's, of one connection."""

    def __init__(self, server: Server, io: ConnectionIO) -> None:
        self.transports = {server: io}

    async def server_event(self, event: Event) -> None:
        pass

    async def handle_hook(self, hook: StartHook) -> None:
        pass


async def reset_by_its_peer() -> BaseException | None:
    """What a connection keeps that was read from until it broke."""

    async def resets(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()

    async with await asyncio.start_server(resets, "127.0.0.1", 0) as listening:
        address = listening.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(*address)
        server = Server(address=address, state=ConnectionState.CAN_READ)
        await Handler(server, ConnectionIO(reader=reader, writer=writer)).handle_connection(server)
    return reader.exception()


def test_a_connection_that_broke_was_heard_of_where_it_was_read(caplog: pytest.LogCaptureFixture) -> None:
    broken = asyncio.run(reset_by_its_peer())
    assert isinstance(broken, ConnectionResetError)
    assert kept_error(broken, caplog) == ""
    assert kept_error(ConnectionResetError(), caplog) == ""
    assert UNHANDLED in kept_error(broken, caplog, on=False)


def test_what_else_breaks_a_task_is_said(caplog: pytest.LogCaptureFixture) -> None:
    for error in (RuntimeError(), OSError(errno.EADDRINUSE, "in use")):
        assert UNHANDLED in kept_error(error, caplog)
        caplog.clear()
    with pytest.raises(ConnectionError) as raised, socket.socket() as unheard:
        unheard.connect(("127.0.0.1", free_port()))
    assert UNHANDLED in kept_error(raised.value, caplog)


def test_our_listener_is_called_what_it_is(caplog: pytest.LogCaptureFixture) -> None:
    said = "reverse proxy to http://gateway.invalid listening at 127.0.0.1:8317."
    assert "the gateway is listening at 127.0.0.1:8317." in kept(said, LISTENER, caplog)
    caplog.clear()
    other = "reverse proxy to http://example.com listening at *:8080."
    assert other in kept(other, LISTENER, caplog)


def test_our_certificate_is_called_what_it_is(caplog: pytest.LogCaptureFixture) -> None:
    said = "The client does not trust the proxy's certificate for gateway.invalid:80 (unknown ca)"
    assert "The client does not trust the gateway's certificate (unknown ca)" in kept(said, SERVER, caplog)


def test_mitmproxy_still_says_so() -> None:
    assert UNHANDLED in inspect.getsource(Master)


def test_nothing_is_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    kept("x", SERVER, caplog)
    assert [logging.getLogger(name).filters for name in LOGGERS] == [[], [], []]
