"""What a program finds in its environment, and what its user is told."""

from collections.abc import Mapping
from typing import Final

import pytest

from scripts.with_environment import ADDING, PROXIES, REPLACING, concerns, environment

PROXY: Final = "http://127.0.0.1:8080"
CA: Final = "/ca/root.pem"
BUNDLE: Final = "/ca/bundle.pem"
OPENED: Final = ("api.anthropic.com", "chatgpt.com")


def told(own: Mapping[str, str], *, has_egress: bool = False) -> list[str]:
    return list(concerns(own, PROXY, OPENED, has_egress=has_egress))


def test_every_client_finds_the_proxy_and_its_root() -> None:
    made = environment({}, PROXY, CA, BUNDLE)
    assert {made[name] for name in PROXIES} == {PROXY}
    assert {made[name] for name in REPLACING} == {BUNDLE}
    assert {made[name] for name in ADDING} == {CA}
    assert made["NODE_USE_ENV_PROXY"] == "1"
    assert set(made) == {*PROXIES, *REPLACING, *ADDING, "NO_PROXY", "no_proxy", "NODE_USE_ENV_PROXY"}


@pytest.mark.parametrize(
    ("own", "hosts"),
    [
        ({}, "localhost,127.0.0.1,::1"),
        ({"NO_PROXY": "intra.test, .lan", "no_proxy": ".lan,::1"}, "intra.test,.lan,::1,localhost,127.0.0.1"),
        ({"no_proxy": "a b,,"}, "a,b,localhost,127.0.0.1,::1"),
    ],
)
def test_hosts_that_were_reached_directly_still_are(own: dict[str, str], hosts: str) -> None:
    made = environment(own, PROXY, CA, BUNDLE)
    assert (made["NO_PROXY"], made["no_proxy"]) == (hosts, hosts)


def test_more_roots_for_node_are_in_the_bundle() -> None:
    made = environment({"NODE_EXTRA_CA_CERTS": "/company.pem", "DENO_CERT": CA}, PROXY, CA, BUNDLE)
    assert (made["NODE_EXTRA_CA_CERTS"], made["DENO_CERT"]) == (BUNDLE, CA)


def test_a_proxy_for_all_is_replaced_where_there_is_one() -> None:
    made = environment({"all_proxy": "socks5://1.2.3.4:1080", "ALL_PROXY": ""}, PROXY, CA, BUNDLE)
    assert (made["all_proxy"], "ALL_PROXY" in made) == (PROXY, False)


@pytest.mark.parametrize(
    ("own", "name"),
    [
        ({"HTTPS_PROXY": "http://user:secret@corporate:3128"}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": PROXY, "http_proxy": "http://user:secret@corporate:3128"}, "http_proxy"),
        ({"HTTP_PROXY": "http://user:secret@127.0.0.1:3128"}, "HTTP_PROXY"),
        ({"HTTP_PROXY": "http://user:secret@other:8080"}, "HTTP_PROXY"),
        ({"ALL_PROXY": "socks5://user:secret@corporate:1080"}, "ALL_PROXY"),
    ],
)
def test_a_proxy_that_is_replaced_is_told_without_its_password(own: dict[str, str], name: str) -> None:
    (line,) = told(own)
    assert line.startswith(f"{name} is replaced")
    assert "`proxy-url`" in line
    assert "secret" not in line
    assert told(own, has_egress=True) == []


def test_nothing_is_told_of_what_is_as_it_should_be() -> None:
    assert told({}) == []
    assert told({"HTTPS_PROXY": f"{PROXY}/", "https_proxy": PROXY, "NO_PROXY": "anthropic.co,.example.com"}) == []
    assert told({"HTTP_PROXY": "localhost:8080", "ALL_PROXY": "http://[::1]:8080"}) == []
    assert told({"ANTHROPIC_BASE_URL": "https://api.anthropic.com/"}) == []


@pytest.mark.parametrize(
    "url", ["http://user:secret@127.0.0.1:8317", "https://llm.example.com/v1", "llm.example.com", "http://[secret"]
)
def test_a_base_url_leads_past_the_proxy(url: str) -> None:
    (line,) = told({"ANTHROPIC_BASE_URL": url})
    assert line.startswith("ANTHROPIC_BASE_URL is set")
    assert "secret" not in line


@pytest.mark.parametrize(
    "entry", ["*", "anthropic.com", ".anthropic.com", "*.anthropic.com", "API.anthropic.com:443", "x,api.anthropic.com"]
)
def test_a_vendor_that_is_reached_directly_is_named(entry: str) -> None:
    (line,) = told({"NO_PROXY": entry})
    assert "api.anthropic.com" in line
    assert ("chatgpt.com" in line) is (entry == "*")
