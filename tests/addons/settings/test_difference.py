"""What is said of an edit: which keys changed, and never a value."""

import pytest

from addons.settings import parse
from addons.settings.difference import NEEDS_RESTART, difference, needs_restart

CLAUDE = "claude-api-key: [{api-key: test-key-1, weight: 1, headers: {X-Team: blue}, models: [{name: a}]}]"


def changed(old: str, new: str) -> tuple[str, ...]:
    return difference(parse(old).settings, parse(new).settings)


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ("debug: true", "debug: true", ()),
        ("", "debug: false", ()),
        ("", "debug: true", ("debug",)),
        ("host: localhost\nport: 1", "host: 127.0.0.1\nport: 2", ("host", "port")),
        ("", "tls: {cert: a.pem}", ("tls.cert",)),
        ("routing: {strategy: fill-first}", "", ("routing.strategy",)),
        (CLAUDE, CLAUDE.replace("weight: 1", "weight: 2"), ("claude-api-key[0].weight",)),
        (CLAUDE, CLAUDE.replace("test-key-1", "test-key-2"), ("claude-api-key[0].api-key",)),
        (CLAUDE, CLAUDE.replace("blue", "red"), ("claude-api-key[0].headers.X-Team",)),
        (CLAUDE, CLAUDE.replace("X-Team: blue", "X-Other: blue"), (
            "claude-api-key[0].headers.X-Team", "claude-api-key[0].headers.X-Other",
        )),
        (CLAUDE, CLAUDE.replace("name: a", "name: a, alias: b"), ("claude-api-key[0].models[0].alias",)),
        (CLAUDE, CLAUDE.replace("name: a", "name: a, thinking: {max: 5}"), ("claude-api-key[0].models[0].thinking",)),
        (CLAUDE, CLAUDE.replace("{name: a}", "{name: a}, {name: b}"), ("claude-api-key[0].models",)),
        (CLAUDE, "", ("claude-api-key",)),
        ("api-keys: [test-key-1]", "api-keys: [test-key-2]", ("api-keys[0]",)),
        ("", "proxy-url: http://user:test-key-1@proxy.example:1", ("proxy-url",)),
    ],
)  # fmt: skip
def test_each_changed_key_is_named_with_its_path(old: str, new: str, paths: tuple[str, ...]) -> None:
    assert changed(old, new) == paths


def test_a_secret_that_stands_as_a_name_is_masked() -> None:
    secret = "sk-test-0123456789abcdef"
    (path,) = changed(CLAUDE, CLAUDE.replace("X-Team: blue", f"X-Team: blue, {secret}: x"))
    assert secret not in path


def test_the_listener_is_made_once() -> None:
    paths = changed("", "port: 1\ndebug: true\ntls: {cert: a.pem}\nintercept: {port: 2, unrouted: refuse}")
    assert needs_restart(paths) == ("port", "tls.cert", "intercept.port")
    assert {"host", "port", "tls", "intercept.enable", "intercept.host", "intercept.port"} == NEEDS_RESTART
