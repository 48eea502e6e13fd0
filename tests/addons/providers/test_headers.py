"""What an upstream hears of us, of the credential and of the client."""

import pytest
from pydantic import SecretStr

from addons.accounts.credential import Credential
from addons.providers import claude, openai_compatibility
from addons.providers.headers import USER_AGENT, extra_headers

CLIENT = {
    "user-agent": "claude-cli/2.0 (external, cli)",
    "x-app": "cli",
    "x-stainless-lang": "js",
    "anthropic-beta": "context-1m-2025-08-07",
    "anthropic-version": "2024-01-01",
    "openai-beta": "x=v1",
    "openai-organization": "org-of-the-client",
    "authorization": "Bearer client-key",
    "x-api-key": "client-key",
    "cookie": "c=1",
    "host": "localhost",
    "content-length": "5",
    "accept-encoding": "gzip",
}


def credential(base_url: str, secret: str = "test-key-1", headers: tuple[tuple[str, str], ...] = ()) -> Credential:
    return Credential("id", "p", "pool", SecretStr(secret), base_url, headers=headers)


@pytest.mark.parametrize(
    ("base_url", "header"),
    [
        ("https://api.anthropic.com", {"x-api-key": "test-key-1"}),
        ("https://gateway.example", {"authorization": "Bearer test-key-1"}),
        ("https://api.anthropic.com.evil.example", {"authorization": "Bearer test-key-1"}),
    ],
)
def test_a_claude_key_travels_as_its_host_wants_it(base_url: str, header: dict[str, str]) -> None:
    assert claude.PROVIDER.auth(credential(base_url)) == header


def test_a_server_that_wants_no_key_gets_no_header() -> None:
    local = credential("http://localhost:11434/v1", secret="")
    assert openai_compatibility.PROVIDER.auth(local) == claude.PROVIDER.auth(local) == {}
    assert openai_compatibility.PROVIDER.auth(credential("http://x")) == {"authorization": "Bearer test-key-1"}


def test_without_a_client_of_the_dialect_we_are_ourselves() -> None:
    assert USER_AGENT.startswith("cliproxy-mitm/")
    ours = {
        "accept": "application/json, text/event-stream",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "user-agent": USER_AGENT,
    }
    assert openai_compatibility.PROVIDER.headers({}) == ours
    assert claude.PROVIDER.headers({}) == {**ours, "anthropic-version": "2023-06-01"}


def test_a_client_of_the_dialect_keeps_its_identity_and_never_its_key() -> None:
    sent = claude.PROVIDER.headers(CLIENT)
    assert {name: sent[name] for name in sent if sent[name] == CLIENT.get(name)} == {
        name: CLIENT[name]
        for name in ("user-agent", "x-app", "x-stainless-lang", "anthropic-beta", "anthropic-version")
    }
    assert sent["accept-encoding"] == "identity"
    chat = openai_compatibility.PROVIDER.headers(CLIENT)
    assert {name for name in chat if chat[name] == CLIENT.get(name)} == {
        "user-agent",
        "x-stainless-lang",
        "openai-beta",
    }


def test_headers_of_the_config_are_added_and_copied() -> None:
    one = credential("http://x", headers=(("X-Team", "blue"), ("X-Session", "$X-Client"), ("X-Gone", "$X-Absent")))
    assert extra_headers(one, {"x-client": "42"}) == {"x-team": "blue", "x-session": "42"}
