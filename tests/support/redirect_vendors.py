"""An addon for tests, which stands beside ours: the vendors' names lead to loopback, all others to nowhere.

CLIPROXY_TEST_HOSTS: JSON, host -> port.
"""

import json
import os

from mitmproxy.proxy.server_hooks import ServerConnectionHookData


class RedirectVendors:
    """Name look-ups, as the test has them."""

    name = "redirect-vendors"

    def __init__(self) -> None:
        self._ports: dict[str, int] = json.loads(os.environ["CLIPROXY_TEST_HOSTS"])

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Only loopback is ever dialled."""
        assert data.server.address is not None
        host, _ = data.server.address
        if host in self._ports:
            data.server.address = ("127.0.0.1", self._ports[host])
        elif host != "127.0.0.1":
            data.server.error = f"{host} is not a part of this test"


addons = [RedirectVendors()]
