"""Upstream proxies: the tunnels through which a credential's requests leave, each its own.

mitmproxy has HTTP proxies with one password for all, and none of SOCKS. Both are tunnels here, for plain HTTP too, so
that only the two ends of a tunnel see what goes through it.
"""

import ipaddress
from typing import Final

from mitmproxy.connection import Server
from mitmproxy.proxy import commands, tunnel
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import CommandGenerator
from mitmproxy.proxy.layers import tls
from mitmproxy.proxy.layers.http._upstream_proxy import HttpUpstreamProxy

from addons.exchange import Egress

VERSION: Final = 5
NO_LOGIN: Final = 0
PASSWORD: Final = 2
CONNECT: Final = b"\x05\x01\x00"
NAME: Final = 3
ADDRESS_BYTES: Final = {1: 4, 4: 16}
REFUSALS: Final = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "it took too long",
    7: "it can't do that",
    8: "it does not know such addresses",
}
"""Source: RFC 1928, section 6."""


class EgressServer(Server):
    """An upstream behind a proxy. `tunnel`: the connection to the proxy. Neither is saved with a flow."""

    egress: Egress
    tunnel: Server

    @classmethod
    def behind(cls, egress: Egress, address: tuple[str, int]) -> "EgressServer":
        """Not connected yet."""
        server = cls(address=address)
        server.egress = egress
        server.tunnel = Server(address=(egress.host, egress.port))
        server.via = ("https" if egress.scheme == "https" else "http", (egress.host, egress.port))
        return server


def tunnel_to(context: Context, server: EgressServer) -> tunnel.LayerStack:
    """The layers between the proxy and what is said through it. `context.server` is the upstream."""
    stack = tunnel.LayerStack()
    if server.egress.scheme.startswith("socks5"):
        return stack / SocksTunnel(context, server)
    if server.egress.scheme == "https":
        server.tunnel.alpn_offers = tls.HTTP1_ALPNS
        server.tunnel.sni = server.egress.host
        stack /= tls.ServerTLSLayer(context, server.tunnel)
    return stack / HttpTunnel(context, server)


class HttpTunnel(HttpUpstreamProxy):
    """CONNECT, with the proxy's own password. Source: RFC 9110, section 9.3.6."""

    def __init__(self, context: Context, server: EgressServer) -> None:
        super().__init__(context, server.tunnel, send_connect=True)
        self._server = server

    def start_handshake(self) -> CommandGenerator[None]:
        assert self._server.address
        host, port = self._server.address
        authority = f"[{host}]:{port}" if ":" in host else f"{host.encode('idna').decode()}:{port}"
        lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
        egress = self._server.egress
        if egress.username or egress.password:
            lines.append(f"Proxy-Authorization: Basic {egress.login}")
        yield commands.SendData(self.tunnel_connection, "\r\n".join([*lines, "", ""]).encode())


class SocksTunnel(tunnel.TunnelLayer):
    """SOCKS 5: greeting, login where the proxy asks for one, request. Names are looked up by the proxy.

    Sources: RFC 1928, RFC 1929.
    """

    def __init__(self, context: Context, server: EgressServer) -> None:
        super().__init__(context, tunnel_connection=server.tunnel, conn=server)
        self._server = server
        self._read = bytearray()
        self._take = self._take_method

    def start_handshake(self) -> CommandGenerator[None]:
        methods = bytes((NO_LOGIN, PASSWORD) if self._server.egress.username else (NO_LOGIN,))
        yield commands.SendData(self.tunnel_connection, bytes((VERSION, len(methods))) + methods)

    def receive_handshake_data(self, data: bytes) -> CommandGenerator[tuple[bool, str | None]]:
        self._read += data
        while True:
            taken = yield from self._take()
            if taken is None:  # More must come.
                return False, None
            done, problem = taken
            if problem:
                return False, f"SOCKS proxy {self._server.egress.host}:{self._server.egress.port}: {problem}"
            if done:
                rest = bytes(self._read)
                self._read.clear()
                if rest:
                    yield from self.receive_data(rest)
                return True, None

    def _take_method(self) -> CommandGenerator[tuple[bool, str | None] | None]:
        if len(self._read) < 2:
            return None
        version, method = self._cut(2)
        if version != VERSION:
            return False, "this is no SOCKS 5 proxy"
        if method == NO_LOGIN:
            yield from self._request()
        elif method == PASSWORD and self._server.egress.username:
            username = self._server.egress.username.encode()[:255]
            password = self._server.egress.password.encode()[:255]
            login = bytes((1, len(username))) + username + bytes((len(password),)) + password
            self._take = self._take_login
            yield commands.SendData(self.tunnel_connection, login)
        else:
            return False, "it wants a login: put a user name and a password into proxy-url"
        return False, None

    def _take_login(self) -> CommandGenerator[tuple[bool, str | None] | None]:
        if len(self._read) < 2:
            return None
        _, status = self._cut(2)
        if status:
            return False, "it refused the user name or the password"
        yield from self._request()
        return False, None

    def _request(self) -> CommandGenerator[None]:
        assert self._server.address
        host, port = self._server.address
        self._take = self._take_reply
        yield commands.SendData(self.tunnel_connection, CONNECT + _address(host) + port.to_bytes(2, "big"))

    def _take_reply(self) -> CommandGenerator[tuple[bool, str | None] | None]:
        yield from ()
        if len(self._read) < 5:
            return None
        _, refusal, _, kind, first = self._read[:5]
        if refusal:
            return False, REFUSALS.get(refusal, f"refused ({refusal})")
        length = 4 + (1 + first if kind == NAME else ADDRESS_BYTES.get(kind, 0)) + 2
        if len(self._read) < length:
            return None
        self._cut(length)
        return True, None

    def _cut(self, length: int) -> bytes:
        cut = bytes(self._read[:length])
        del self._read[:length]
        return cut


def _address(host: str) -> bytes:
    try:
        packed = ipaddress.ip_address(host).packed
    except ValueError:
        name = host.encode("idna")
        return bytes((NAME, len(name))) + name
    return bytes((1 if len(packed) == 4 else 4,)) + packed
