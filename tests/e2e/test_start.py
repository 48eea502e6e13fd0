"""The shortest way to start: `mitmdump -s addons/cliproxy.py`, and a config.yaml beside it; and what may be wrong."""

import os
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.support.config import CLIENT_KEY, claude_key, config
from tests.support.ports import free_port
from tests.support.proxy import SCRIPT, Proxy
from tests.support.raw import ask
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


def test_an_exchange_is_one_line_of_the_log_and_debug_tells_more() -> None:
    vendor = AnthropicVendor()
    with (
        running(vendor),
        Proxy(config(claude=[claude_key(vendor.base_url, "test-key-1", {"a": "m"})])) as it,
    ):
        it.wait_for(r"\] the gateway is listening at 127\.0\.0\.1")
        it.wait_for("Try ")
        since = len(it.log)
        for _ in range(2):  # The first one's connections are closed before the second one's line comes.
            assert AnthropicTalker(it.url, CLIENT_KEY, "a", stream=True).say("hello").text == "echo: hello"
        it.wait_for("(?s)status=200.*status=200", since=since)
        assert [line.split("]")[1].split("=")[0] for line in it.log[since:].splitlines()] == [" flow", " flow"]
        it.change({**it.config, "debug": True})
        assert AnthropicTalker(it.url, CLIENT_KEY, "a", stream=True).say("hello").text == "echo: hello"
        it.wait_for("client connect")


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
        it.change({**it.config, "request-retry": 1})
        assert it.log.count("was taken") == 1  # Nobody else watches the file any more.


class CLIProxyAPI(BaseHTTPRequestHandler):
    """What it says at /."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"endpoints":["POST /v1/chat/completions"],"message":"CLI Proxy API Server"}')

    def log_message(self, *_: object) -> None:
        """Nothing."""


def assert_clear(said: str, *words: str) -> None:
    """One line says it, and nothing else goes wrong."""
    assert "Traceback" not in said
    assert any(all(word in line for word in words) for line in said.splitlines()), said


def test_cliproxyapi_on_the_port_is_named_with_the_cure() -> None:
    with HTTPServer(("127.0.0.1", 0), CLIProxyAPI) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            it = Proxy({}, port=server.server_port)
            assert_clear(it.fail(), f"Port {server.server_port}", "CLIProxyAPI", "Stop it", "another `port`")
        finally:
            server.shutdown()
            thread.join()


def test_another_gateway_on_the_port_is_named() -> None:
    with Proxy({}) as first:
        assert_clear(Proxy({}, port=first.port).fail(), str(first.port), "another instance of this gateway")


def test_a_mistake_in_the_config_ends_the_start() -> None:
    assert_clear(Proxy({"prot": 1}).fail(), "config.yaml: prot", "`port` was probably meant")


def test_a_config_that_can_not_be_read_ends_the_start(tmp_path: Path) -> None:
    it = Proxy({}, options={"cliproxy_config": str(tmp_path)})
    assert_clear(it.fail(), str(tmp_path), "can't be read: Is a directory")


def test_a_broken_ca_of_mitmproxy_is_a_line_with_the_cure() -> None:
    it = Proxy({}, default_confdir=True)
    folder = it.config_path.parent / ".mitmproxy"
    folder.mkdir()
    (folder / "mitmproxy-ca.pem").write_text("nothing")
    assert_clear(it.fail(), str(folder / "mitmproxy-ca.pem"), "Move it away")


@pytest.mark.parametrize(
    ("tls", "word"),
    [
        ({"enable": True, "cert": "/nowhere/cert.pem", "key": "/nowhere/key.pem"}, "tls.cert"),
        ({"enable": True}, "tls"),
    ],
)
def test_a_certificate_that_is_not_there_ends_the_start(tls: dict[str, object], word: str) -> None:
    assert_clear(Proxy({"tls": tls}).fail(), word)


def test_without_credentials_it_starts_says_so_and_answers_with_the_reason() -> None:
    with Proxy({}) as it:
        it.wait_for("Missing .*claude-api-key.*openai-compatibility")
        it.wait_for("scripts/login key")
        got = ask(f"{it.url}/v1/messages", "POST", body={"model": "claude-sonnet-4-5", "messages": [], "max_tokens": 1})
        assert got.status == 404
        assert got.json["error"]["type"] == "not_found_error"


def test_a_proxy_of_the_environment_is_named_and_not_used() -> None:
    vendor = AnthropicVendor()
    environ = {"HTTPS_PROXY": "http://me:password@127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
    with (
        running(vendor),
        Proxy(config(claude=[claude_key(vendor.base_url, "test-key-1", {"a": "m"})]), environ=environ) as it,
    ):
        it.wait_for("HTTPS_PROXY is set and not used")
        assert AnthropicTalker(it.url, CLIENT_KEY, "a", stream=False).say("hello").text == "echo: hello"
        assert "password" not in it.log


def test_a_mode_of_the_users_own_is_left_alone_and_the_gateways_is_named() -> None:
    with Proxy({}, arguments=["--mode", f"regular@127.0.0.1:{free_port()}"], listens=False) as it:
        it.wait_for(rf"--mode is given, .*add --mode reverse:http://gateway\.invalid@127\.0\.0\.1:{it.port}")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", it.port), 1).close()


def test_the_gateway_listens_beside_a_mode_of_the_users_own() -> None:
    port, other = free_port(), free_port()
    modes = ["--mode", f"reverse:http://gateway.invalid@127.0.0.1:{port}", "--mode", f"regular@127.0.0.1:{other}"]
    with Proxy({}, port=port, arguments=modes) as it:
        it.wait_for("Gateway ")
        assert ask(f"{it.url}/healthz").status == 200
        socket.create_connection(("127.0.0.1", other), 10).close()


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_both_doors_can_be_at_an_ipv6_address() -> None:
    with Proxy({"host": "::1", "intercept": {"host": "::1"}}, listens=False) as it:
        it.wait_for("Try |Missing ")
        for port in (it.port, it.intercept_port):
            socket.create_connection(("::1", port), 10).close()
