"""config.yaml: mistakes are named with their place and their cure, and no secret is shown."""

import contextlib
import json
import re
import socket
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addons.settings import Settings, SettingsError, load, parse
from addons.settings.entries import Section
from addons.settings.keys import section_of

SECRET = "test-key-1"
COMPATIBLE = f"""
openai-compatibility:
  - name: vendor
    base-url: https://vendor.example/v1/
    headers: {{X-Secret: {SECRET}-header}}
    api-key-entries: [{{api-key: {SECRET}}}]
    models: [{{name: plain}}]
"""


def section_keys(section: type[Section]) -> set[str]:
    """Every key of the settings, wherever it stands."""
    found = set()
    for name, field in section.model_fields.items():
        inner = section_of(field.annotation)
        found |= {field.alias or name} | (section_keys(inner) if inner else set())
    return found


def complaint(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(text)
    return str(caught.value)


MISTAKES = {
    "request-retries: 1": "request-retries: is not a key: `request-retry` was probably meant",
    "routing: {strategy: fastest}": ("routing.strategy: must be one of round-robin, weighted-round-robin, fill-first"),
    "routing: {session-affinity-ttl: soon}": (
        "routing.session-affinity-ttl: is no duration: write it like 90s, 30m or 1h30m"
    ),
    "routing: {queue-size: -1}": "routing.queue-size: must be at least 0",
    "proxy-url: proxy.example:3128": (
        "proxy-url: must begin with http://, https://, socks5://, socks5h://, or be `direct`"
    ),
    "proxy-url: 'http://proxy.example:x'": "proxy-url: is not a URL: write it like http://127.0.0.1:3128",
    "proxy-url: 'http://proxy.example:1/path'": "proxy-url: must end with the port: leave out what follows it",
    "proxy-url: 'http://127.0.0.1:8317'": "proxy-url: is this gateway itself: requests would go round in a circle",
    "port: 80\nproxy-url: 'http://localhost'": (
        "proxy-url: is this gateway itself: requests would go round in a circle"
    ),
    "api-keys: [k]\nhost: 10.0.0.1\nclaude-api-key: [{api-key: k, proxy-url: 'http://10.0.0.1:8317'}]": (
        "claude-api-key[0].proxy-url: is this gateway itself: requests would go round in a circle"
    ),
    "host: 0.0.0.0\napi-keys: [your-api-key-1]": (
        "host: others can reach this address, so api-keys must hold at least one client key of your own"
        " (or leave host empty: then only this machine can)"
    ),
    "claude-api-key: [{api-key: k, weight: 1000001}]": "claude-api-key[0].weight: must be at most 1000000",
    "claude-api-key: [{api-key: k, weight: 1.5}]": ("claude-api-key[0].weight: must be a whole number, not a number"),
    "claude-api-key: [{api-key: k, max-concurrency: -1}]": "claude-api-key[0].max-concurrency: must be at least 0",
    "claude-api-key: [{api-key: k, request-scoped-errors: [{status: 200, match: [a], action: stop}]}]": (
        "claude-api-key[0].request-scoped-errors[0].status: must be at least 400"
    ),
    "claude-api-key: [{api-key: k, request-scoped-errors: [{status: 400, match: [a], action: halt}]}]": (
        "claude-api-key[0].request-scoped-errors[0].action: must be one of"
        " stop, stop-and-cooldown, continue, continue-and-cooldown"
    ),
    "claude-api-key: [{api-key: k, request-scoped-errors: [{status: 400, match: [a], action: continue-cooldown}]}]": (
        "claude-api-key[0].request-scoped-errors[0].action: must be one of"
        " stop, stop-and-cooldown, continue, continue-and-cooldown: continue-and-cooldown was probably meant"
    ),
    "claude-api-key: [{api-key: k, request-scoped-errors: [{status: 400, match-regexr: ['a('], action: stop}]}]": (
        "claude-api-key[0].request-scoped-errors[0].match-regexr[0]: is no regular expression of RE2 (Go's):"
        " missing ): a("
    ),
    "disable-image-generation: never": "disable-image-generation: must be true, false, chat or passthrough",
    "claude-api-key: [{api-key: k, models: [{name: m, thinking: {min: 9, max: 5}}]}]": (
        "claude-api-key[0].models[0].thinking: min (9) is above max (5): exchange them"
    ),
    "claude-api-key: [{api-key: k, models: [{name: m, thinking: {levels: [low, hihg]}}]}]": (
        "claude-api-key[0].models[0].thinking.levels[0]: must be one of"
        " none, minimal, low, medium, high, xhigh, max, auto: high was probably meant"
    ),
    "claude-api-key: [{api-key: k, models: [{name: m, thinking: {level: [low]}}]}]": (
        "claude-api-key[0].models[0].thinking.level: is not a key: `levels` was probably meant"
    ),
    "claude-api-key: [{api-key: k, models: [{name: m, input-modalities: [txt]}]}]": (
        "claude-api-key[0].models[0].input-modalities[0]: must be one of text, image, audio, video, document:"
        " text was probably meant"
    ),
    "gemini-api-key: [{api-key: k, base-url: https://generativelanguage.googleapis.com/v1beta}]": (
        "gemini-api-key[0].base-url: must not hold /v1beta: the version is a part of the path that is added to it"
    ),
    "gemini-api-key: [{api-key: AIza...}, {api-key: k, prefix: a/b}]": (
        "gemini-api-key[1].prefix: must be one word without `/` inside"
    ),
    "openai-compatibility: [{base-url: https://a.example, api-key-entries: [{api-key: ...}, {api-key: 'a b'}]}]": (
        "openai-compatibility[0].api-key-entries[1].api-key: holds a character that no key has:"
        " copy the key again, without spaces or line breaks"
    ),
    "openai-compatibility: [{name: x, base-url: https://a.example/v1, api-key: k}]": (
        "openai-compatibility[0].api-key: does not belong here: write api-key-entries: [{api-key: ...}]"
    ),
    "prot: 1": "prot: is not a key: `port` was probably meant",
    "api_keys: [x]": "api_keys: is not a key: `api-keys` was probably meant",
    "Port: 1": "Port: is not a key: `port` was probably meant",
    "routing: {stratgy: x}": "routing.stratgy: is not a key: `strategy` was probably meant",
    "routing: {strategy: fill_first}": (
        "routing.strategy: must be one of round-robin, weighted-round-robin, fill-first: fill-first was probably meant"
    ),
    "routing: fill-first": "routing: must be a group of keys, not text",
    "strategy: fill-first": "strategy: does not belong here: write routing: {strategy: ...}",
    "port: high": "port: must be a whole number, not text",
    "port: '8317'": "port: must be a whole number, not text: write it without quotes",
    "port: 70000": "port: must be at most 65535",
    "port: 1.5": "port: must be a whole number, not a number",
    "debug: 1": "debug: must be true or false, not a number",
    "host: http://x": "host: is no address: write it like 127.0.0.1, or 0.0.0.0 for all interfaces",
    "host: 127.0.0.1:8317": "host: must not hold the port: write it as `port`",
    "host: '[::1]:8317'": "host: must not hold the port: write it as `port`",
    "api-keys: ['${GATEWAY_KEY}']": "api-keys[0]: names a variable, which is not looked up: write the key itself",
    "claude-api-key: [{api-key: $ANTHROPIC_API_KEY}]": (
        "claude-api-key[0].api-key: names a variable, which is not looked up: write the key itself"
    ),
    "api-keys: x": "api-keys: must be a list (lines that begin with `- `), not text",
    "api-keys: [a, null]": "api-keys[1]: must be text, not nothing: give it a value, or remove the line",
    "api-keys: [true]": "api-keys[0]: must be text, not true or false: put it in quotes",
    "api-keys: ['a b']": (
        "api-keys[0]: holds a character that no key has: copy the key again, without spaces or line breaks"
    ),
    "claude-api-key: [{api-key: k, base-url: https://api.anthropic.com/v1}]": (
        "claude-api-key[0].base-url: must not hold /v1: the version is a part of the path that is added to it"
    ),
    "claude-api-key: [{api-key: k, prefix: a/b}]": "claude-api-key[0].prefix: must be one word without `/` inside",
    "claude-api-key: [{api-key: k, models: [{alias: x}]}]": (
        "claude-api-key[0].models[0].name: is missing: give it a name"
    ),
    "claude-api-key: [{api-key: k, headers: {X-A: $Authorization}}]": (
        "claude-api-key[0].headers: X-A would send the client's own key to the provider: copy another header"
    ),
    "claude-api-key: [{api-key: k, headers: {Content-Length: '1'}}]": (
        "claude-api-key[0].headers: must not hold Content-Length: it belongs to the connection"
    ),
    "openai-compatibility: [{name: x, base-ulr: https://a.example/v1}]": (
        "openai-compatibility[0].base-ulr: is not a key: `base-url` was probably meant"
    ),
    "openai-compatibility: [{name: ' ', base-url: https://a.example/v1}]": (
        "openai-compatibility[0].name: is empty: give it a name"
    ),
    "openai-compatibility: [{name: x, base-url: ftp://a.example}]": (
        "openai-compatibility[0].base-url: must begin with https:// or http://"
    ),
    "openai-compatibility: [{name: x, base-url: 'https://a.example:x/v1'}]": (
        "openai-compatibility[0].base-url: is not a URL: write it like https://api.example.com/v1"
    ),
    "openai-compatibility: [{name: x, base-url: 'https://u:p@a.example/v1'}]": (
        "openai-compatibility[0].base-url: must not hold a user name or a password: use api-key, or headers"
    ),
    "openai-compatibility: [{name: x, base-url: 'https://a.example/v1?key=1'}]": (
        "openai-compatibility[0].base-url: must end with its path: leave out what follows `?` or `#`"
    ),
    "openai-compatibility: [{name: x, base-url: https://a.example/v1/chat/completions}]": (
        "openai-compatibility[0].base-url: must not hold the request's path: leave out /chat/completions"
    ),
    "openai-compatibility: [{name: x, base-url: 'http://localhost:8317/v1'}]": (
        "openai-compatibility[0].base-url: is this gateway itself: requests would go round in a circle"
    ),
    "auth-dir: ~nobody-here/x": "auth-dir: begins with a home folder that is not known: write the whole path",
    'auth-dir: "a\\0"': "auth-dir: holds a character that no path has",
    "proxy_url: x": "proxy_url: is not a key: `proxy-url` was probably meant",
    "routing: {[a]: 1}": "line 1, column 11: found unhashable key",
    "claude-api-key: [{api-key: k, headers: {X-A: true}}]": (
        "claude-api-key[0].headers.X-A: must be text, not true or false: put it in quotes"
    ),
    "a: [1\nb: 2": "line 2, column 2: did not find expected ',' or ']'",
    "routing:\n\tstrategy: x": (
        "line 2, column 1: found character that cannot start any token (indent with spaces, not with tabs)"
    ),
    "port: 1\ndebug: true\nport: 2": "line 3, column 1: this key comes twice",
    "a: &a [*a]": "holds a value that contains itself",
    "just text": "must hold keys, such as `port: 8317`, one a line",
    "a: \x07": "is not valid YAML text",
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.items())
def test_a_mistake_is_named_with_its_place_and_its_cure(text: str, said: str) -> None:
    assert complaint(text) == f"config.yaml: {said}"


@pytest.mark.parametrize(
    "address",
    ["localhost", "LOCALHOST", "localhost.", "gateway.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "0.0.0.0", "[::]"],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_upstream_that_is_the_gateway_itself_is_known_by_all_its_names(scheme: str, address: str) -> None:
    said = complaint(f"port: 9999\nclaude-api-key: [{{base-url: '{scheme}://{address}:9999'}}]")
    assert (
        said == "config.yaml: claude-api-key[0].base-url: is this gateway itself: requests would go round in a circle"
    )


def test_where_everybody_is_served_the_machines_own_name_is_the_gateway() -> None:
    upstream = f"claude-api-key: [{{base-url: 'http://{socket.gethostname()}.:9999'}}]\napi-keys: [test-key-1]"
    assert "is this gateway itself" in complaint(f"port: 9999\nhost: 0.0.0.0\n{upstream}")
    parse(f"port: 9998\nhost: 0.0.0.0\n{upstream}")
    parse("port: 9999\nhost: 0.0.0.0\napi-keys: [test-key-1]\nproxy-url: http://192.0.2.7:9999")


def test_many_mistakes_are_a_few_lines() -> None:
    lines = complaint("\n".join(f"port{index}: 1" for index in range(9))).splitlines()
    assert len(lines) == 6
    assert lines[-1] == "config.yaml: and 4 more"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none.yaml", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(SettingsError, match=re.escape(f"{path}: can't be read: {said}")):
            load(path)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"debug: \xe4")
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        load(latin)


KEYS = sorted(section_keys(Settings) | {"auth", "interactions-api-key", "prot"})
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-9, 10**7),
    st.floats(),
    st.sampled_from(["", "k", "sk-...", "a b", "1h", "http://x"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4))
def test_whatever_stands_there_is_read_or_named(tree: dict[str, object]) -> None:
    with contextlib.suppress(SettingsError):
        parse(json.dumps(tree))


# Secrets.


def test_no_secret_is_in_any_repr() -> None:
    loaded = parse(f"{COMPATIBLE}\nclaude-api-key: [{{api-key: {SECRET}}}]\napi-keys: [{SECRET}]")
    assert SECRET not in repr(loaded)
    assert SECRET not in str(loaded.settings.model_dump())


@pytest.mark.parametrize(
    "text",
    [
        "api-keys: SECRET",
        "api-keys: {SECRET: 1}",
        "api-keys: [[SECRET]]",
        "api-keys: ['SECRET with spaces']",
        "SECRET: 1",
        "claude-api-key: [SECRET]",
        "claude-api-key: [{api-key: {x: SECRET}}]",
        "claude-api-key: [{api-key: 'SECRET…'}]",
        "claude-api-key: [{api-key: k, base-url: 'https://SECRET@x.example'}]",
        'claude-api-key: [{api-key: k, headers: {X-A: "SECRET\\n"}, prefix: a/SECRET}]',
        "claude-api-key: [{api-key: k, headers: {X-A: [SECRET]}}]",
        "claude-api-key: [{api-key: k, proxy-url: 'ftp://user:SECRET@proxy.example'}]",
        "claude-api-key: [{api-key: SECRET}, {api-key: SECRET}, {api-key: SECRET...}]",
        "openai-compatibility: [{name: a, base-url: https://a.example/v1, api-keys: [SECRET, SECRET]}]",
        "claude-api-key: [{api-key: k, headers: {SECRET: [x]}}]",
        "remote-management: {secret-key: SECRET, SECRET: 1}",
        "auth: {SECRET: 1}",
        "routing: {strategy: SECRET}",
        "port: SECRET",
        "api-keys: [SECRET\nport: 1",
        "api-keys: SECRET: SECRET",
        "api-keys: @SECRET",
        'api-keys: ["SECRET]',
    ],
)
def test_no_mistake_shows_a_secret(text: str) -> None:
    secret = "sk-test-0123456789abcdef"
    assert secret not in everything_said(text.replace("SECRET", secret))


def everything_said(text: str) -> str:
    """All that a person or a log gets to see of a config, also by way of an error's cause."""
    try:
        return " ".join(map(str, parse(text).notes))
    except SettingsError as error:
        return "".join(traceback.format_exception(error))
