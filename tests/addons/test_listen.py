import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from mitmproxy.proxy.mode_specs import ProxyMode

from addons.listen import OWN_NAME, gateway_mode, interception_mode, is_interception_mode, port_problem
from tests.support.certificates import self_made

CLIPROXYAPI = {"message": "CLI Proxy API Server", "endpoints": ["POST /v1/chat/completions", "GET /v1/models"]}


@contextmanager
def listening(body: bytes, headers: Mapping[str, str], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that answers every GET so; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def problem_of(body: bytes, headers: Mapping[str, str], tls: ssl.SSLContext | None = None) -> str:
    with listening(body, headers, tls) as port:
        problem = port_problem("127.0.0.1", port)
    assert problem is not None
    assert str(port) in problem
    assert "another `port` in config.yaml" in problem
    return problem


def test_a_taken_port_is_named_with_the_cure() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        problem = port_problem("127.0.0.1", port)
    assert problem is not None
    assert str(port) in problem
    assert "another program" in problem
    assert "config.yaml" in problem


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (json.dumps(CLIPROXYAPI).encode(), {"content-type": "application/json"}),
        (b"<html>choose api-keys of your own</html>", {"X-CPA-SAFE-MODE": "true"}),
    ],
)
def test_cliproxyapi_is_recognised_and_named(body: bytes, headers: Mapping[str, str]) -> None:
    assert "CLIProxyAPI" in problem_of(body, headers)


def test_cliproxyapi_is_recognised_behind_its_own_tls(tmp_path: Path) -> None:
    made = self_made(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made.cert, made.key)
    assert "CLIProxyAPI" in problem_of(json.dumps(CLIPROXYAPI).encode(), {}, tls)


def test_another_instance_of_ours_is_recognised() -> None:
    assert "another instance of this gateway" in problem_of(json.dumps({"message": OWN_NAME}).encode(), {})


def test_any_other_server_is_another_program() -> None:
    assert "another program" in problem_of(b"<html>It works!</html>", {"server": "Apache"})


def test_a_free_port_is_no_problem() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert port_problem("127.0.0.1", port) is None


def test_an_address_that_is_not_ours_is_a_problem() -> None:
    problem = port_problem("192.0.2.1", 1)
    assert problem is not None
    assert "192.0.2.1" in problem


@pytest.mark.parametrize("made", [gateway_mode, interception_mode])
def test_mitmproxy_listens_at_an_ipv6_address(made: Callable[[str, int], str]) -> None:
    mode = ProxyMode.parse(made("::1", 8317))
    assert (mode.listen_host(), mode.listen_port()) == ("::1", 8317)


def test_the_interception_is_told_from_a_proxy_that_the_user_has_named() -> None:
    assert is_interception_mode(interception_mode("127.0.0.1", 8080))
    for mode in ("regular", "regular@8080", "regular@127.0.0.1:8080", gateway_mode("127.0.0.1", 8317)):
        assert not is_interception_mode(mode)


def test_mitmproxy_takes_it_for_what_it_is() -> None:
    mode = ProxyMode.parse(interception_mode("::1", 8080))
    assert (mode.type_name, mode.listen_port()) == ("regular", 8080)


def test_a_problem_of_the_interception_names_its_own_key() -> None:
    problem = port_problem("192.0.2.1", 1, "intercept.port")
    assert problem is not None
    assert "`intercept.host` and `intercept.port`" in problem
