import json
import logging
import shlex
from typing import Any

import pytest

from addons import welcome
from addons.accounts import from_settings
from addons.route import Router
from addons.settings import Settings, parse
from addons.settings.model import Tls

CLAUDE = {"claude-api-key": [{"api-key": "k-1", "models": [{"name": "claude-x", "alias": "mine"}]}]}


def told(config: dict[str, Any], web_url: str | None = None, key: str = "KEY") -> str:
    settings, router = built(config)
    return "\n".join(welcome.lines(settings, router, web_url, key))


def built(config: dict[str, Any]) -> tuple[Settings, Router]:
    settings = parse(json.dumps(config)).settings
    return settings, Router(settings, from_settings.credentials(settings))


def test_it_says_where_the_gateway_and_the_console_are() -> None:
    text = told({"port": 8400}, "http://127.0.0.1:8081/?token=t")
    assert "http://127.0.0.1:8400/v1" in text
    assert "http://127.0.0.1:8081/?token=t" in text


def test_without_a_credential_it_says_what_is_missing() -> None:
    assert "Missing" in told({})
    assert "curl" not in told({})


def test_the_curl_asks_for_a_model_that_has_a_credential() -> None:
    (line,) = [line for line in told({**CLAUDE, "api-keys": ["c-1"]}).splitlines() if "curl" in line]
    words = shlex.split(line.partition("curl")[2])
    assert "http://127.0.0.1:8317/v1/messages" in words
    assert "x-api-key: KEY" in words
    assert json.loads(words[-1])["model"] == "mine"


@pytest.mark.parametrize(
    ("section", "path", "field"),
    [
        ("gemini-api-key", "/v1beta/models/mine:streamGenerateContent?alt=sse", "contents"),
        ("codex-api-key", "/v1/responses", "input"),
        ("claude-api-key", "/v1/messages", "messages"),
    ],
)
def test_the_curl_speaks_the_dialect_of_who_answers(section: str, path: str, field: str) -> None:
    entry = {"api-key": "k-1", "base-url": "https://v.example", "models": [{"name": "x", "alias": "mine"}]}
    (line,) = [line for line in told({section: [entry]}).splitlines() if "curl" in line]
    words = shlex.split(line.partition("curl")[2])
    assert f"http://127.0.0.1:8317{path}" in words
    assert field in json.loads(words[-1])


def test_all_interfaces_are_reached_by_loopback_from_here() -> None:
    assert "http://127.0.0.1:8317" in told({"host": "0.0.0.0", "api-keys": ["c-1"]})


@pytest.mark.parametrize(("how", "shown"), [("first", True), ("again", False)])
def test_the_client_key_is_shown_on_the_first_start_only(
    how: str, shown: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, router = built({**CLAUDE, "api-keys": ["client-secret-1"]})
    welcome.say(settings, router, None, how)
    assert ("client-secret-1" in capsys.readouterr().out) is shown


def test_the_client_key_never_goes_to_a_log(caplog: pytest.LogCaptureFixture) -> None:
    settings, router = built({**CLAUDE, "api-keys": ["client-secret-1"]})
    with caplog.at_level(logging.INFO):
        welcome.say(settings, router, None, "")
    assert "Gateway" in caplog.text
    assert "client-secret-1" not in caplog.text


def test_with_tls_the_addresses_begin_with_https() -> None:
    assert "https://127.0.0.1:8317/v1" in welcome.base_url(Settings(tls=Tls(enable=True))) + "/v1"


def test_without_a_credential_the_cure_is_named() -> None:
    text = told({})
    assert "claude-api-key" in text
    assert "scripts/login key" in text
    assert "no restart" in text


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY"])
def test_a_proxy_of_the_environment_is_named_and_not_shown(name: str) -> None:
    line = welcome.unused_proxy(Settings(), {name: "http://user:password@proxy.example:3128"})
    assert line is not None
    assert name.upper() in line
    assert "proxy-url" in line
    assert "password" not in line


@pytest.mark.parametrize("proxy_url", ["http://127.0.0.1:3128", "direct"])
def test_who_names_a_proxy_in_the_config_is_not_told_of_the_environments(proxy_url: str) -> None:
    settings = parse(json.dumps({"proxy-url": proxy_url})).settings
    assert welcome.unused_proxy(settings, {"HTTPS_PROXY": "http://127.0.0.1:3128"}) is None


def test_without_a_proxy_in_the_environment_nothing_is_said() -> None:
    assert welcome.unused_proxy(Settings(), {"HTTPS_PROXY": "", "NO_PROXY": "x"}) is None
