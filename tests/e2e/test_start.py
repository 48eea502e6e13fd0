"""The shortest way to start: `mitmdump -s addons/cliproxy.py`, and a config.yaml beside it."""

import os
import socket

import pytest

from tests.support.config import CLIENT_KEY, claude_key, config
from tests.support.proxy import SCRIPT, Proxy
from tests.support.talkers import AnthropicTalker
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.running import running

STOCK_PORT = 8080  # mitmproxy opens it for a moment, before it loads scripts.


def stock_port_is_free() -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", STOCK_PORT))
        except OSError:
            return False
        return True


@pytest.mark.skipif(not stock_port_is_free(), reason="another program has mitmproxy's own port")
def test_nothing_else_need_stand_on_the_command_line() -> None:
    vendor = AnthropicVendor()
    with (
        running(vendor),
        Proxy(config(claude=[claude_key(vendor.base_url, "test-key-1", {"a": "m"})]), bare=True) as it,
    ):
        assert AnthropicTalker(it.url, CLIENT_KEY, "a", stream=True).say("hello").text == "echo: hello"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", STOCK_PORT), 1).close()


def test_a_live_reload_of_the_script_goes_on_serving() -> None:
    vendor = AnthropicVendor()
    with (
        running(vendor),
        Proxy(config(claude=[claude_key(vendor.base_url, "test-key-1", {"a": "m"})])) as it,
    ):
        since = len(it.log)
        os.utime(SCRIPT)
        it.wait_for("Loading script", since=since)
        it.wait_for("Gateway ", since=since)
        assert AnthropicTalker(it.url, CLIENT_KEY, "a", stream=True).say("hello").text == "echo: hello"
        it.wait_for("status=200", since=since)
