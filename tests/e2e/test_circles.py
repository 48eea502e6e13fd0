"""Addresses that lead to the gateway itself by a name that nobody can tell from its looks: `0` is this machine too."""

from collections.abc import Iterator

import pytest

from tests.support.config import CLIENT_KEY, claude_key, config
from tests.support.origin import Origin, origin
from tests.support.ports import free_port
from tests.support.proxy import Proxy
from tests.support.raw import ask

ITSELF = "0"


@pytest.fixture(scope="module")
def here() -> Iterator[Proxy]:
    """Its only upstream is its own door."""
    port = free_port()
    entry = claude_key(f"http://{ITSELF}:{port}", CLIENT_KEY, {"a": "a"})
    with Proxy(config(claude=[entry]), port=port) as proxy:
        proxy.wait_for(rf"listening at 127\.0\.0\.1:{proxy.intercept_port}\b")
        yield proxy


@pytest.fixture
def elsewhere() -> Iterator[Origin]:
    with origin() as found:
        yield found


def test_the_proxy_does_not_ask_itself_for_what_it_is_asked_for(here: Proxy) -> None:
    """As a web page may make a browser do it."""
    for method, body in (("GET", b""), ("POST", b"{}")):
        reply = ask(here.proxy_url, method, body=body or None, headers={"host": f"{ITSELF}:{here.intercept_port}"})
        assert (reply.status, b"circle" in reply.body) == (508, True)


def test_an_upstream_that_is_the_gateway_fails_after_one_round(here: Proxy) -> None:
    body = b'{"model":"a","max_tokens":9,"messages":[{"role":"user","content":"hello"}]}'
    since = len(here.log)
    reply = ask(f"{here.url}/v1/messages", "POST", body=body, headers={"x-api-key": CLIENT_KEY})
    assert reply.status >= 400
    here.wait_for("attempts=1 ", since=since)
    assert here.log[since:].count("leads to this proxy itself") == 1


def test_other_doors_of_this_machine_can_be_reached(here: Proxy, elsewhere: Origin) -> None:
    reply = ask(here.proxy_url, "GET", headers={"host": f"{ITSELF}:{elsewhere.port}"})
    assert (reply.status, len(elsewhere.requests)) == (200, 1)
    own = ask(here.proxy_url, "GET", headers={"host": f"{ITSELF}:{here.port}"})
    assert (own.status, b"cliproxy-mitm gateway" in own.body) == (200, True)
