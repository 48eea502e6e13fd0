"""One attempt under way, and what is recorded of it."""

from mitmproxy import http
from mitmproxy.connection import Connection

from addons.engine.recorder import Trace
from addons.exchange import Attempt, Breakage, Head


class Trial:
    """`attempt` makes a reply of what the upstream says, `trace` keeps it; None: nobody wants to see it."""

    def __init__(self, attempt: Attempt, trace: Trace | None) -> None:
        self.attempt = attempt
        self._trace = trace

    def sent(self, connection: Connection) -> None:
        """The request goes out on this connection."""
        if self._trace is not None:
            self._trace.sent(connection)

    def opened(self, response: http.Response) -> bool:
        """Status and headers are there. False: the upstream speaks another protocol from now on."""
        if self._trace is not None:
            self._trace.opened(response)
        if response.status_code == 101:
            return False
        self.attempt.opened(response.status_code, response.headers.fields)
        return True

    def feed(self, data: bytes) -> bytes:
        """A piece of the upstream's body in; what may go to the client out."""
        if self._trace is not None:
            self._trace.data(data)
        return self.attempt.feed(data)

    def close(self) -> bytes:
        """The upstream's body is complete."""
        data = self.attempt.close()
        if self.attempt.head is Head.PENDING:
            raise RuntimeError("the attempt closed without an outcome")
        return data

    def broken(self, how: Breakage, message: str) -> bytes:
        """The upstream is lost."""
        tail = self.attempt.broken(how, message)
        if self.attempt.head is Head.PENDING:
            raise RuntimeError("the attempt broke without an outcome")
        return tail

    def settle(self, *, cancelled: bool = False, problem: str | None = None) -> None:
        """It is over. `problem`: why no complete reply came."""
        if cancelled:
            self.attempt.cancelled()
        if self._trace is not None:
            self._trace.end(failed=self.attempt.head is Head.FAILED or problem is not None, problem=problem)
