"""The HTTPS proxy: which tunnels are opened, which requests in them become exchanges, and that all others just pass.

An exception of ours lets nothing out: what was not understood is answered here, in the dialect of its path.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from mitmproxy import connection, http, tls

from addons import exchange as exchanges
from addons.access import ANYONE
from addons.accounts.masking import MASK, line
from addons.circles import Dialled
from addons.intercept_table import POST, bare
from addons.listen import PLACEHOLDER_HOST, is_interception_mode
from addons.opening import SECRET_HEADERS, asked_of, body_of, hide_keys, open_exchange, path_of, read, refuse
from addons.paths import Place
from addons.refusals import InternalError, NotServedByModel, NoWebSocket
from addons.routing.candidate import UnknownModel
from addons.serving import Current, Serving
from addons.web_page import is_from_page
from translators import GatewayError, registry

logger = logging.getLogger(__name__)

HTTPS_PORT: Final = 443
NO_INFERENCE: Final = "no inference"
HTTP1: Final = b"http/1.1"
HTTP2: Final = b"h2"


class Interception:
    """The entrance for clients that keep calling their vendor. It must stand before the engine."""

    name = "cliproxy-intercept"

    def __init__(self, current: Current) -> None:
        self._current = current

    # Hooks.

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """Opens listed hosts. Everybody else's TLS is theirs: tunnelled, with the origin's own certificate."""
        address = data.context.server.address
        if not is_ours(data.context.client) or address is None:
            return
        data.ignore_connection = True
        try:
            self._open_if_listed(data, address)
        except Exception:  # Nobody knows whose it is: it ends here.
            logger.exception("client=%s a tunnel could not be looked at", data.context.client.peername)
            data.context.server.address = (PLACEHOLDER_HOST, HTTPS_PORT)

    def _open_if_listed(self, data: tls.ClientHelloData, address: tuple[str, int]) -> None:
        named = data.client_hello.sni
        hosts = self._current.serving.hosts
        if address[1] == HTTPS_PORT and (named is None or bare(named) == bare(address[0])) and hosts.opened(address[0]):
            # The pool may answer all that is asked: what the vendor's own server speaks, or whether it is there, does
            # not matter until something passes.
            data.establish_server_tls_first = False
            if hosts.http1_only(address[0]) and HTTP1 in data.client_hello.alpn_protocols:
                data.context.client.alpn = HTTP1
            data.ignore_connection = False

    def server_connect(self, data: Dialled) -> None:
        """What was agreed on with the client is offered first: mitmproxy would offer all that the client could have
        had, and no WebSocket passes from HTTP/1.1 to HTTP/2."""
        if is_ours(data.client) and data.client.tls_established and not data.server.alpn_offers:
            if data.client.alpn == HTTP1:
                data.server.alpn_offers = (HTTP1,)
            elif data.client.alpn == HTTP2:
                data.server.alpn_offers = (HTTP2, HTTP1)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """What is no inference passes from here on, neither held nor kept."""
        if is_ours(flow.client_conn) and flow.response is None:
            with self._closed_on_failure(flow):
                self._look(flow)

    def request(self, flow: http.HTTPFlow) -> None:
        """What is inference becomes an exchange, where somebody here serves its model."""
        if is_ours(flow.client_conn) and flow.response is None and not exchanges.passes(flow):
            with self._closed_on_failure(flow):
                self._open(flow, self._current.serving)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """What passes is not held on its way back either. Its secrets have been sent, and its reply may take long."""
        if exchanges.passes(flow) and flow.response is not None:
            flow.response.stream = True
            hide_keys(flow, read(flow))

    def response(self, flow: http.HTTPFlow) -> None:
        """Those of the reply have been sent too."""
        if exchanges.passes(flow):
            hide_sent(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        """The same where it failed."""
        if exchanges.passes(flow):
            hide_sent(flow)

    def websocket_message(self, flow: http.HTTPFlow) -> None:
        """Somebody else's conversation: mitmproxy would keep every message until its end."""
        if exchanges.passes(flow) and flow.websocket is not None:
            del flow.websocket.messages[:-1]

    def websocket_end(self, flow: http.HTTPFlow) -> None:
        """The last one goes too."""
        if exchanges.passes(flow) and flow.websocket is not None:
            flow.websocket.messages.clear()

    # What they do.

    def _look(self, flow: http.HTTPFlow) -> None:
        place = place_of(flow, self._current.serving)
        if place is not None and asks_for_websocket(flow.request):
            raise NoWebSocket(path_of(flow.request).partition("?")[0])
        if place is None or flow.request.method != POST:
            self._pass(flow, NO_INFERENCE)
        else:
            flow.request.stream = False  # Also where stream_large_bodies is set: the pool needs the whole.

    def _open(self, flow: http.HTTPFlow, serving: Serving) -> None:
        place = place_of(flow, serving)
        if place is None or flow.request.method != POST:  # It was not, when its headers came.
            self._pass(flow, NO_INFERENCE)
            return
        passes = serving.settings.intercept.unrouted == "pass"
        asked = asked_of(place, body_of(flow))
        answering = serving.models.answering(asked.model)
        if passes and not serving.router.candidates(answering):
            self._pass_unserved(flow, asked.model)
            return
        visit = read(flow)
        without_secrets = {name: value for name, value in visit.headers.items() if name not in SECRET_HEADERS}
        try:
            open_exchange(replace(visit, headers=without_secrets), serving, asked, answering, ANYONE)
        except (UnknownModel, NotServedByModel):
            if not passes:
                raise
            self._pass_unserved(flow, asked.model)
        else:
            hide_keys(flow, visit)

    def _pass_unserved(self, flow: http.HTTPFlow, model: str) -> None:
        logger.info("flow=%s passes: no credential here serves model=%s", flow.id[:8], line(model))
        self._pass(flow, f"nobody here serves {line(model)}")

    def _pass(self, flow: http.HTTPFlow, why: str) -> None:
        """To where the client sent it, as it is."""
        exchanges.let_pass(flow)
        flow.comment = flow.comment or f"passes: {why}"
        if flow.request.scheme == "http":  # Not in a tunnel, so it is for us.
            flow.request.headers.pop("proxy-authorization", None)
        flow.request.stream = True

    @contextmanager
    def _closed_on_failure(self, flow: http.HTTPFlow) -> Iterator[None]:
        """Whatever goes wrong inside is answered, so that the request goes nowhere."""
        try:
            yield
        except GatewayError as error:
            self._refuse(flow, error)
        except Exception:
            logger.exception("flow=%s could not be opened", flow.id[:8])
            self._refuse(flow, InternalError(flow.id))

    def _refuse(self, flow: http.HTTPFlow, error: GatewayError) -> None:
        exchanges.hold_back(flow)
        flow.request.stream = False
        try:
            dialect = self._current.serving.hosts.dialect(flow.request.host, path_of(flow.request).partition("?")[0])
        except Exception:
            logger.exception("flow=%s: its dialect is not known", flow.id[:8])
            dialect = registry.dialect("openai_chat")
        refuse(flow, dialect, error)
        try:
            hide_sent(flow)
        except Exception:  # It goes nowhere, but can be looked at.
            logger.exception("flow=%s: the client's secrets stay on it", flow.id[:8])


def is_ours(client: connection.Client) -> bool:
    """Whether it came in by the interception's listener."""
    return is_interception_mode(client.proxy_mode.full_spec)


def place_of(flow: http.HTTPFlow, serving: Serving) -> Place | None:
    """What a POST there asks for; None where it is no inference of a listed host, or of a web page.

    Raises DotSegments.
    """
    request = flow.request
    if request.scheme != "https" or request.port != HTTPS_PORT:
        return None
    place = serving.hosts.place(request.host, path_of(request).partition("?")[0])
    if place is not None and is_from_page(request.headers):
        logger.info("flow=%s passes: it comes from a web page", flow.id[:8])
        return None
    return place


def asks_for_websocket(request: http.Request) -> bool:
    """Whether it is a WebSocket's handshake."""
    return request.method == "GET" and request.headers.get("upgrade", "").lower() == "websocket"


def hide_sent(flow: http.HTTPFlow) -> None:
    """Takes the client's secrets off a flow that is over, or answered."""
    hide_keys(flow, read(flow))
    response = flow.response
    # Without a body it is sent after this hook, so it must stay as it is; a streamed one's headers have gone.
    if response is not None and response.raw_content is None and "set-cookie" in response.headers:
        response.headers["set-cookie"] = MASK
