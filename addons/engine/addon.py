"""The engine as an addon: what it puts into mitmproxy when that runs, it takes out again when it is removed."""

import logging
from collections.abc import Set
from typing import Final, Protocol

from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from addons.engine import guard
from addons.garbage import Garbage
from addons.listen import PLACEHOLDER_HOST

logger = logging.getLogger(__name__)

TICK_S: Final = 1.0


class Installation(Protocol):
    """What is put in: the engine proper, or the way without it."""

    def remove(self) -> None: ...

    def options_changed(self) -> None: ...


class Engine:
    """Runs exchanges. It must stand behind the addon that attaches them.

    `tick_s`: how late a timeout, or a kill, may be noticed. `garbage`: is told when nobody waits, and what has closed.
    """

    name = "cliproxy-engine"

    def __init__(self, tick_s: float = TICK_S, garbage: Garbage | None = None) -> None:
        self._tick_s = tick_s
        self._garbage = garbage or Garbage()
        self._installed: Installation | None = None

    def running(self) -> None:
        """Installs what this mitmproxy can bear. Nothing is taken from it before it is known to be the right one."""
        if self._installed is not None:
            return
        problem = guard.problem()
        if problem is None:
            from addons.engine.parts import Parts

            self._installed = Parts(self._tick_s, self._garbage)
        else:
            from addons.engine.fallback import SingleAttempts

            logger.warning("The engine does not know this mitmproxy (%s): every request has one attempt only.", problem)
            self._installed = SingleAttempts()

    def configure(self, updated: Set[str]) -> None:
        """Options may bring addons in or take them out."""
        if self._installed is not None and updated:
            self._installed.options_changed()

    def done(self) -> None:
        """Takes everything out. Exchanges that run go on to their end, unless mitmproxy itself ends."""
        if self._installed is not None:
            self._installed.remove()
            self._installed = None

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Fails closed: the gateway's placeholder is no upstream, whatever a name server says of it."""
        if data.server.address is not None and data.server.address[0] == PLACEHOLDER_HOST:
            data.server.error = "this request was not answered by the gateway"
