"""Each attempt as a flow of its own: the upstream's side of an exchange, without its credential, for people."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mitmproxy import ctx, flow, http
from mitmproxy.connection import Connection, Server

from addons.decompress import BadEncoding, Decompressor, TooLong
from addons.engine.messages import shown_request
from addons.exchange import Attempt

if TYPE_CHECKING:
    from addons.engine.viewcap import ViewCap

PARENT: Final = "cliproxy.parent"
ATTEMPT: Final = "cliproxy.attempt"
GOOD_MARK: Final = ":white_check_mark:"
FAILED_MARK: Final = ":x:"
MARKS: Final = frozenset((GOOD_MARK, FAILED_MARK))
"""What tells attempts from clients' flows at a glance."""

MASK: Final = b"***"


class Recorder:
    """Makes the attempts' flows, where anybody can see them: in mitmweb, and in a file that flows are saved to."""

    def __init__(self, view_cap: "ViewCap") -> None:
        self._view_cap = view_cap

    @property
    def watched(self) -> bool:
        """Whether anybody can look at a flow later."""
        return ctx.master.addons.get("view") is not None or bool(ctx.options.save_stream_file)

    def start(self, parent: http.HTTPFlow, attempt: Attempt) -> "Trace | None":
        """A trace of this attempt; None where nobody would see it."""
        return Trace(self, parent, attempt) if self.watched else None

    def keep(self, recorded: http.HTTPFlow) -> None:
        """Shows a finished attempt."""
        if (view := ctx.master.addons.get("view")) is not None:
            view.add([recorded])
            self._view_cap.note(recorded)
        if (save := ctx.master.addons.get("save")) is not None:
            save.save_flow(recorded)


class Trace:
    """What is seen of one attempt while it goes on."""

    def __init__(self, recorder: Recorder, parent: http.HTTPFlow, attempt: Attempt) -> None:
        self._recorder = recorder
        self._parent = parent
        self._attempt = attempt
        self._request = shown_request(attempt.request, MASK)
        self._server: Connection | None = None
        self._response: http.Response | None = None
        self._body: list[bytes] = []

    def sent(self, server: Connection) -> None:
        """The request goes out on this connection."""
        self._server = server
        self._request.timestamp_end = time.time()

    def opened(self, response: http.Response) -> None:
        """Status and headers of the reply."""
        self._response = response

    def data(self, data: bytes) -> None:
        """A piece of its body."""
        self._body.append(data)

    def end(self, *, failed: bool, problem: str | None) -> None:
        """The attempt is over. `problem`: why no complete reply came."""
        request = self._attempt.request
        server = self._server
        if not isinstance(server, Server):
            server = Server(address=(request.host, request.port))
        recorded = http.HTTPFlow(self._parent.client_conn, server)
        recorded.request = self._request
        secrets = [secret for secret in request.secret_values() if secret]
        if self._response is not None:
            recorded.response = self._response
            recorded.response.headers = _without(self._response.headers, secrets)
            _put_body(recorded.response, b"".join(self._body), secrets)
            recorded.response.timestamp_end = time.time()
        if problem is not None:
            recorded.error = flow.Error(_scrubbed(problem.encode(), secrets).decode())
        recorded.comment = f"{self._parent.id[:8]} #{self._attempt.number} {self._attempt.note}"
        recorded.metadata[PARENT] = self._parent.id
        recorded.metadata[ATTEMPT] = self._attempt.number
        recorded.marked = FAILED_MARK if failed else GOOD_MARK
        self._recorder.keep(recorded)


def _without(headers: http.Headers, secrets: Sequence[str]) -> http.Headers:
    """Some vendors and gateways repeat what they were sent. The originals may still be read by others."""
    return http.Headers([(name, _scrubbed(value, secrets)) for name, value in headers.fields])


def _put_body(response: http.Response, body: bytes, secrets: Sequence[str]) -> None:
    """Looks for them below the body's encoding: whoever looks at a flow does so too."""
    plain = body
    if encoding := response.headers.get("content-encoding", ""):
        try:
            plain = Decompressor(encoding).feed(body)
        except TooLong:  # Nobody knows what it holds.
            plain = body = b""
        except BadEncoding:  # Nobody can read it.
            pass
    if (scrubbed := _scrubbed(plain, secrets)) == plain:
        response.raw_content = body
        return
    response.raw_content = scrubbed
    response.headers.pop("content-encoding", None)


def _scrubbed(data: bytes, secrets: Sequence[str]) -> bytes:
    for secret in secrets:
        data = data.replace(secret.encode("latin-1", "replace"), MASK)
    return data
