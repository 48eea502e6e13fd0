"""HTTPS on the gateway's port, with the certificate of the config."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import anthropic
import httpx2
import pytest
from anthropic.types import MessageParam

from tests.support.certificates import Made, self_made
from tests.support.config import CLIENT_KEY, claude_key, config
from tests.support.proxy import Proxy
from tests.support.raw import ask
from tests.vendors.anthropic import AnthropicVendor
from tests.vendors.running import running

ASKED: Final[list[MessageParam]] = [{"role": "user", "content": "hello"}]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return self_made(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def proxy(made: Made) -> Iterator[Proxy]:
    vendor = AnthropicVendor()
    tls = {"enable": True, "cert": str(made.cert), "key": str(made.key)}
    with (
        running(vendor),
        Proxy(config(claude=[claude_key(vendor.base_url, "test-key-1", {"a": "m"})], tls=tls)) as it,
    ):
        yield it


def trusting(made: Made, *protocols: str) -> ssl.SSLContext:
    """What a client needs that trusts the test's root, and nobody else."""
    context = ssl.create_default_context(cafile=str(made.ca))
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


@pytest.mark.parametrize(("http2", "version"), [(False, "HTTP/1.1"), (True, "HTTP/2")])
@pytest.mark.parametrize("stream", [False, True])
def test_the_vendors_sdk_speaks_to_it_over_either_version(
    proxy: Proxy, made: Made, http2: bool, version: str, stream: bool
) -> None:
    versions = []
    with httpx2.Client(
        verify=trusting(made), http2=http2, event_hooks={"response": [lambda it: versions.append(it.http_version)]}
    ) as http:
        client = anthropic.Anthropic(base_url=proxy.url, api_key=CLIENT_KEY, http_client=http, max_retries=0)
        for _ in range(3):
            if stream:
                with client.messages.stream(model="a", max_tokens=50, messages=ASKED) as events:
                    heard = events.get_final_text()
            else:
                message = client.messages.create(model="a", max_tokens=50, messages=ASKED)
                heard = "".join(block.text for block in message.content if block.type == "text")
            assert heard == "echo: hello"
    assert versions == [version] * 3


def test_the_chain_of_the_config_is_served_and_not_mitmproxys(proxy: Proxy, made: Made) -> None:
    for name in ("localhost", "127.0.0.1"):
        with (
            socket.create_connection(("127.0.0.1", proxy.port), 10) as raw,
            trusting(made).wrap_socket(raw, server_hostname=name) as shaken,
        ):
            assert b"cliproxy test" in (shaken.getpeercert(binary_form=True) or b"")


def test_a_session_resumes(proxy: Proxy, made: Made) -> None:
    context = trusting(made)
    session = None
    for resumed in (False, True):
        with (
            socket.create_connection(("127.0.0.1", proxy.port), 10) as raw,
            context.wrap_socket(raw, server_hostname="127.0.0.1", session=session) as shaken,
        ):
            shaken.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            while shaken.recv(4096):
                session = shaken.session  # TLS 1.3 sends it after the handshake.
            assert shaken.session_reused is resumed


def test_plain_http_is_refused_closed_and_told_why(proxy: Proxy) -> None:
    plain = proxy.url.replace("https", "http")
    since = len(proxy.log)
    got = ask(f"{plain}/v1/messages?key={CLIENT_KEY}", "POST", body={}, headers={"x-api-key": CLIENT_KEY})
    assert got.status == 400
    assert b"https://" in got.body
    assert got.headers["connection"] == "close"
    proxy.wait_for("plain HTTP on the HTTPS port", since=since)
    assert CLIENT_KEY not in proxy.log


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_an_old_version_of_tls_is_refused(proxy: Proxy, made: Made) -> None:
    context = trusting(made)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with (
        socket.create_connection(("127.0.0.1", proxy.port), 10) as raw,
        pytest.raises(ssl.SSLError),
        context.wrap_socket(raw, server_hostname="127.0.0.1"),
    ):
        pass


def test_the_welcome_names_https(proxy: Proxy) -> None:
    proxy.wait_for(rf"Gateway   https://127\.0\.0\.1:{proxy.port} ")
    proxy.wait_for(rf"curl -sN https://127\.0\.0\.1:{proxy.port}/v1/messages")


def test_a_key_of_another_certificate_ends_the_start(made: Made, tmp_path: Path) -> None:
    other = self_made(tmp_path)
    said = Proxy({"tls": {"enable": True, "cert": str(made.cert), "key": str(other.key)}}).fail()
    assert "tls.key" in said
    assert "Traceback" not in said
