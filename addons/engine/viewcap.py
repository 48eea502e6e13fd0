"""mitmweb keeps every flow for ever; here the oldest finished ones leave, so that memory has a bound."""

from collections import deque
from typing import Final

from mitmproxy import ctx, dns, flow, http, tcp, udp

from addons.engine.recorder import MARKS, PARENT

MAX_FLOWS: Final = 500
MAX_BODY_BYTES: Final = 64 << 20


class ViewCap:
    """Keeps the newest finished flows, up to a number and a size of bodies. What lives or a person marked stays."""

    name = "cliproxy-view-cap"

    def __init__(self, max_flows: int = MAX_FLOWS, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._max_flows = max_flows
        self._max_body_bytes = max_body_bytes
        self._finished: deque[tuple[flow.Flow, int]] = deque()
        self._body_bytes = 0

    def response(self, flow: http.HTTPFlow) -> None:
        if flow.websocket is None:
            self.note(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        self.note(flow)

    def websocket_end(self, flow: http.HTTPFlow) -> None:
        self.note(flow)

    def tcp_end(self, flow: tcp.TCPFlow) -> None:
        self.note(flow)

    def tcp_error(self, flow: tcp.TCPFlow) -> None:
        self.note(flow)

    def udp_end(self, flow: udp.UDPFlow) -> None:
        self.note(flow)

    def udp_error(self, flow: udp.UDPFlow) -> None:
        self.note(flow)

    def dns_response(self, flow: dns.DNSFlow) -> None:
        self.note(flow)

    def dns_error(self, flow: dns.DNSFlow) -> None:
        self.note(flow)

    def note(self, finished: flow.Flow) -> None:
        """One more flow has come to its end."""
        view = ctx.master.addons.get("view")
        if view is None:
            return
        size = body_bytes(finished)
        self._finished.append((finished, size))
        self._body_bytes += size
        for surplus in self._surplus():
            view.remove([surplus])  # One by one: for several at once it writes an alert to the log.

    def _surplus(self) -> list[flow.Flow]:
        surplus: list[flow.Flow] = []
        alive: list[tuple[flow.Flow, int]] = []
        while self._finished and (
            len(self._finished) + len(alive) > self._max_flows or self._body_bytes > self._max_body_bytes
        ):
            oldest, size = self._finished.popleft()
            if oldest.live:  # Its last hook is running.
                alive.append((oldest, size))
                continue
            self._body_bytes -= size
            if not marked_by_a_person(oldest):
                surplus.append(oldest)
        self._finished.extendleft(reversed(alive))
        return surplus


def marked_by_a_person(kept: flow.Flow) -> bool:
    """Attempts carry a mark of ours, which keeps nothing."""
    return bool(kept.marked) and not (kept.marked in MARKS and PARENT in kept.metadata)


def body_bytes(measured: flow.Flow) -> int:
    """How much memory its bodies and messages take."""
    if isinstance(measured, http.HTTPFlow):
        size = len(measured.request.raw_content or b"")
        if measured.response is not None:
            size += len(measured.response.raw_content or b"")
        if measured.websocket is not None:
            size += sum(len(message.content) for message in measured.websocket.messages)
        return size
    if isinstance(measured, tcp.TCPFlow | udp.UDPFlow):
        return sum(len(message.content) for message in measured.messages)
    return 0
