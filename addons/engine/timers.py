"""Wakes running exchanges: one ticker for all, because mitmproxy's own timer is a task that can't be stopped."""

import asyncio
import time
from collections.abc import MutableMapping
from enum import Enum, auto
from typing import TYPE_CHECKING

from mitmproxy.connection import Connection
from mitmproxy.proxy import events
from mitmproxy.proxy.server import ConnectionHandler
from mitmproxy.utils import asyncio_utils

from addons.garbage import Garbage

if TYPE_CHECKING:
    from addons.engine.run import Run
    from addons.engine.stream import ExchangeStream


class Reason(Enum):
    """Why a stream is woken.

    DECIDED: the conductor's next step is there. WAITED: a Wait is over. OVERDUE: a timeout has passed. KILLED: somebody
    has killed the flow. LOST: its upstream connection is gone. QUIET: the client has heard nothing for long. FAULT: an
    exception went through the layer.
    """

    DECIDED = auto()
    WAITED = auto()
    OVERDUE = auto()
    KILLED = auto()
    LOST = auto()
    QUIET = auto()
    FAULT = auto()


class Signal(events.MessageInjected[Reason]):
    """Wakes one stream. It is a MessageInjected because TLS and tunnels hand that on to the HTTP layer."""

    def __init__(self, stream: "ExchangeStream", reason: Reason) -> None:
        super().__init__(stream.flow, reason)
        self.stream = stream


class Timers:
    """The running exchanges of this process, and what wakes them. `tick_s`: how late a timeout, or a keep-alive that is
    due, may be noticed."""

    def __init__(
        self, handlers: MutableMapping[tuple[object, ...] | str, ConnectionHandler], tick_s: float, garbage: Garbage
    ) -> None:
        self.running: set[Run] = set()
        self._handlers = handlers
        self._tick_s = tick_s
        self._garbage = garbage
        self._ticker: asyncio.TimerHandle | None = None

    def start(self, run: "Run") -> None:
        """The run's deadline is watched from now on."""
        self.running.add(run)
        if self._ticker is None:
            self._ticker = asyncio.get_running_loop().call_later(self._tick_s, self._tick)

    def stop(self, run: "Run") -> None:
        """The run is over."""
        self.running.discard(run)

    def signal(self, stream: "ExchangeStream", reason: Reason) -> None:
        """Sends a stream an event, in a task of its own, as mitmproxy does for everything that comes from outside."""
        handler = self._handlers.get(stream.context.client.id)
        if handler is None:
            if stream.run is not None:
                stream.run.orphaned()
            return
        asyncio_utils.create_task(
            handler.server_event(Signal(stream, reason)),
            name=f"exchange {reason.name.lower()}",
            keep_ref=True,
            client=stream.context.client.peername,
        )

    def after(self, seconds: float, stream: "ExchangeStream", reason: Reason) -> asyncio.TimerHandle:
        """The signal, later."""
        return asyncio.get_running_loop().call_later(seconds, self.signal, stream, reason)

    def lost(self, server: Connection) -> None:
        """An upstream connection is gone. Mostly the runs that read from it know by now.

        mitmproxy cancels the task that reads a connection when it can't write to it; if that task is just about to say
        that the connection has closed, nobody ever hears of it.
        """
        for run in tuple(self.running):
            if run.reads_from(server):
                self.signal(run.stream, Reason.LOST)

    def _tick(self) -> None:
        self._ticker = None
        if not self.running:
            self._garbage.idle()
            return
        self._ticker = asyncio.get_running_loop().call_later(self._tick_s, self._tick)
        now_s = time.monotonic()
        for run in tuple(self.running):
            handler = self._handlers.get(run.stream.context.client.id)
            if handler is not None:
                # A client that waits is not idle: the exchange has timeouts of its own.
                handler.timeout_watchdog.register_activity()
            if run.killed:
                self.signal(run.stream, Reason.KILLED)
            elif run.deadline_s <= now_s or handler is None:
                self.signal(run.stream, Reason.OVERDUE)
            elif run.quiet_until_s <= now_s and not run.woken:
                run.woken = True
                self.signal(run.stream, Reason.QUIET)
