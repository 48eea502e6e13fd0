"""TLS sessions of upstreams, so that a new connection need not prove anew who the upstream is.

A session is resumed only where everything is as it was: the way out, the address, the name, the protocols offered, and
the settings by which the certificate was verified (mitmproxy has one SSL.Context for each set of them). So two
credentials that leave by different proxies are never known to an upstream by one session. Only connections that an
exchange has dialled take part: what passes is its client's own business.
"""

from collections import OrderedDict
from typing import Final
from weakref import WeakKeyDictionary, ref

from mitmproxy import tls
from mitmproxy.connection import Connection, Server
from OpenSSL import SSL

from addons.exchange import Egress

MOST_KEPT: Final = 256

type Key = tuple[object, ...]


class TlsSessions:
    """The last session of each kind of connection, `most_kept` of them, in memory only.

    dialled() before a handshake, learn() when a reply has begun: servers of TLS 1.3 send their tickets behind the
    handshake. The rest are mitmproxy's hooks, to be called behind those of its TlsConfig.
    """

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._sessions: OrderedDict[Key, SSL.Session] = OrderedDict()
        self._egresses: WeakKeyDictionary[Connection, Egress | None] = WeakKeyDictionary()
        self._open: WeakKeyDictionary[Connection, tuple[Key, SSL.Connection]] = WeakKeyDictionary()
        self._unlearnt: WeakKeyDictionary[Connection, bool] = WeakKeyDictionary()
        self._carried: WeakKeyDictionary[Connection, ref[Server]] = WeakKeyDictionary()

    def dialled(self, server: Server, egress: Egress | None, tunnel: Server | None = None) -> None:
        """An exchange opens this connection, inside that one to a proxy."""
        self._egresses[server] = egress
        if tunnel is not None:
            self._egresses[tunnel] = egress
            self._carried[tunnel] = ref(server)  # It knows its tunnel, and would keep it for ever.

    def tls_start_server(self, data: tls.TlsData) -> None:
        """The handshake is about to begin."""
        server, shaken = data.conn, data.ssl_conn
        if server not in self._egresses or shaken is None or not isinstance(server, Server):
            return
        offers = tuple(server.alpn_offers)
        key = (self._egresses[server], server.address, server.via, server.sni, offers, shaken.get_context())
        session = self._sessions.get(key)
        if session is not None:
            self._sessions.move_to_end(key)
            shaken.set_session(session)
        self._open[server] = key, shaken
        self._unlearnt[server] = True

    def learn(self, server: Connection) -> None:
        """The upstream has said something, so its tickets are there. Costs a look from the second time on."""
        if self._unlearnt.pop(server, False):
            key, shaken = self._open[server]
            session = shaken.get_session()
            if session is not None:
                self._keep(key, session)

    def server_disconnected(self, server: Connection) -> None:
        """The last word on a connection.

        mitmproxy closes without TLS's own goodbye; OpenSSL takes that for an attack, and never resumes the session.
        """
        self._say_goodbye(server)
        carried = self._carried.pop(server, None)
        if carried is not None:
            self._say_goodbye(carried())

    def tls_failed_server(self, data: tls.TlsData) -> None:
        """Whatever the reason was, the next handshake is a whole one."""
        key, _ = self._open.pop(data.conn, (None, None))
        if key is not None:
            self._sessions.pop(key, None)

    def _say_goodbye(self, server: Connection | None) -> None:
        _, shaken = (None, None) if server is None else self._open.pop(server, (None, None))
        if shaken is not None:
            shaken.set_shutdown(SSL.SENT_SHUTDOWN)

    def _keep(self, key: Key, session: SSL.Session) -> None:
        self._sessions[key] = session
        self._sessions.move_to_end(key)
        if len(self._sessions) > self._most_kept:
            self._sessions.popitem(last=False)
