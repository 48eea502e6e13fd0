"""config.yaml: what it may say, and what is said of its mistakes."""

import re
import traceback
from pathlib import Path

import pytest

from addons.settings import Settings, SettingsError, find_config, load, parse
from addons.settings.inactive import DISGUISE, INACTIVE

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"
SECRET = "test-key-1"
COMPATIBLE = f"""
openai-compatibility:
  - name: vendor
    base-url: https://vendor.example/v1/
    headers: {{X-Secret: {SECRET}-header, X-Session: $X-Session, X-Empty: ""}}
    api-key-entries:
      - api-key: {SECRET}
      - api-key: "  test-key-2 "
        weight: 5
    models:
      - {{name: upstream-name, alias: mine, is-compat: true}}
      - name: plain
"""


def complaint(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(text)
    return str(caught.value)


def notes(text: str) -> list[str]:
    return [str(note) for note in parse(text).notes if note.path != "host"]


# What loads.


def test_an_empty_file_serves_this_machine_only_and_says_so() -> None:
    loaded = parse("")
    assert loaded.settings == Settings()
    assert (loaded.settings.host, loaded.settings.port) == ("127.0.0.1", 8317)
    assert [str(note) for note in loaded.notes] == [
        "host is empty, so only this machine is served (127.0.0.1): write 0.0.0.0 for all interfaces"
    ]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "'::1'", "'[::1]'", "127.8.8.8"])
def test_loopback_needs_no_client_key(host: str) -> None:
    assert parse(f"host: {host}").notes == ()


@pytest.mark.parametrize("host", ["0.0.0.0", "'::'", "192.168.1.5", "my-machine"])
def test_other_addresses_need_a_client_key(host: str) -> None:
    assert complaint(f"host: {host}").startswith("config.yaml: host: others can reach this address, so api-keys must")
    assert parse(f"host: {host}\napi-keys: [{SECRET}]").settings.api_keys


def test_client_keys_are_trimmed_and_each_is_kept_once() -> None:
    keys = parse("api-keys: [test-key-1, ' test-key-1 ', '', test-key-2]").settings.api_keys
    assert [key.get_secret_value() for key in keys] == ["test-key-1", "test-key-2"]


def test_a_compatible_provider_is_read_in_full() -> None:
    (provider,) = parse(COMPATIBLE).settings.openai_compatibility
    assert provider.base_url == "https://vendor.example/v1"
    assert [key.api_key.get_secret_value() for key in provider.api_key_entries] == [SECRET, "test-key-2"]
    assert [key.weight for key in provider.api_key_entries] == [1, 5]
    assert [model.asked for model in provider.models] == ["mine", "plain"]
    assert {name: value.get_secret_value() for name, value in provider.headers.items()} == {
        "X-Secret": f"{SECRET}-header",
        "X-Session": "$X-Session",
    }


def test_a_key_without_a_value_is_as_good_as_absent() -> None:
    assert parse("port:\napi-keys:\nclaude-api-key:\n  - api-key: test-key-1\n    models:").settings.port == 8317


@pytest.mark.parametrize(
    ("word", "on"), [("yes", True), ("On", True), ("true", True), ("off", False), ("False", False)]
)
def test_a_switch_takes_the_words_that_go_takes(word: str, on: bool) -> None:
    assert parse(f"debug: {word}").settings.debug is on


@pytest.mark.parametrize("name", ["off", "yes", "2024-01-01", "truex"])
def test_a_name_that_old_yaml_would_read_as_something_else_is_text(name: str) -> None:
    text = f"openai-compatibility: [{{name: {name}, base-url: https://a.example/v1}}]"
    assert parse(text).settings.openai_compatibility[0].name == name


@pytest.mark.parametrize(("seconds", "rest_s"), [(0, 60.0), (5, 5.0), (-1, None)])
def test_the_transient_cooldown_reads_as_in_cliproxyapi(seconds: int, rest_s: float | None) -> None:
    assert parse(f"transient-error-cooldown-seconds: {seconds}").settings.transient_cooldown_s == rest_s


def test_the_example_loads_as_it_stands_and_asks_for_no_key() -> None:
    settings = load(EXAMPLE).settings
    assert (settings.claude_api_key, settings.openai_compatibility, settings.api_keys) == ((), (), ())


def test_the_example_loads_with_its_samples_filled_in_and_names_only_keys_that_are_acted_on() -> None:
    text = EXAMPLE.read_text()
    text = re.sub(r"(?m)^# ((?:  |(?:api-keys|auth-dir|claude-api-key|openai-compatibility):).*)$", r"\1", text)
    text = text.replace("sk-ant-...", "test-key-1").replace("sk-...", "test-key-2")
    loaded = parse(text)
    assert len(loaded.settings.claude_api_key) == len(loaded.settings.openai_compatibility) == 1
    assert [note.path for note in loaded.notes] == ["host", "auth-dir"]


@pytest.mark.parametrize("field", [f for f in Settings.model_fields if f not in ("host", "auth_dir")])
def test_the_example_shows_every_key(field: str) -> None:
    assert re.search(rf"(?m)^(?:# )?{field.replace('_', '-')}:", EXAMPLE.read_text())


# What is said of keys that have no effect.


@pytest.mark.parametrize("key", sorted(set(INACTIVE[""]) - {"proxy-url"}))
def test_each_key_that_is_not_acted_on_is_one_line_with_its_reason(key: str) -> None:
    value = "~/x" if key == "auth-dir" else "{anything: 1}"
    assert notes(f"{key}: {value}") == [f"{key} is accepted and not acted on: {INACTIVE[''][key]}"]


def test_settings_for_disguise_are_ignored_with_that_reason() -> None:
    text = "claude-api-key:\n  - {api-key: test-key-1, cloak: {mode: always}, fingerprint-profile: claude-code-cli}"
    assert notes(text) == [
        f"claude-api-key[0].cloak is accepted and not acted on: {DISGUISE}",
        f"claude-api-key[0].fingerprint-profile is accepted and not acted on: {DISGUISE}",
    ]


def test_an_unknown_key_is_one_warning() -> None:
    (note,) = [note for note in parse("host: localhost\nflux-capacitor: 88").notes if note.warning]
    assert str(note) == "flux-capacitor is not a known key and has no effect"


def test_an_outbound_proxy_that_is_not_used_is_a_warning() -> None:
    loaded = parse("host: localhost\nproxy-url: socks5://user:test-key-1@10.0.0.1")
    assert [(str(note), note.warning) for note in loaded.notes] == [
        ("proxy-url is accepted and not acted on: requests go out directly, without that proxy", True)
    ]
    assert notes("proxy-url: direct") == notes("proxy-url: ''") == []


def test_a_provider_that_nobody_can_reach_is_a_warning() -> None:
    assert notes("openai-compatibility:\n  - {name: x, base-url: https://vendor.example}") == [
        "openai-compatibility[0].models is empty, so no request can reach this provider",
        "openai-compatibility[0].base-url has no path: most providers want /v1 at its end",
    ]


def test_weights_that_are_not_acted_on_are_a_warning() -> None:
    assert notes("routing: {strategy: weighted-round-robin}") == [
        "routing.strategy weights are not acted on yet: round-robin is used"
    ]


# Mistakes.

MISTAKES = {
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
    "request-retry: -1": "request-retry: must be at least 0",
    "host: http://x": "host: is no address: write it like 127.0.0.1, or 0.0.0.0 for all interfaces",
    "host: 127.0.0.1:8317": "host: must not hold the port: write it as `port`",
    "host: '[::1]:8317'": "host: must not hold the port: write it as `port`",
    "api-keys: ['${GATEWAY_KEY}']": "api-keys[0]: names a variable, which is not looked up: write the key itself",
    "claude-api-key: [{api-key: $ANTHROPIC_API_KEY}]": (
        "claude-api-key[0].api-key: names a variable, which is not looked up: write the key itself"
    ),
    "api-keys: x": "api-keys: must be a list (lines that begin with `- `), not text",
    "api-keys: [123]": "api-keys[0]: must be text, not a number: put it in quotes",
    "api-keys: [a, null]": "api-keys[1]: must be text, not nothing: give it a value, or remove the line",
    "api-keys: [1.5]": "api-keys[0]: must be text, not a number: put it in quotes",
    "api-keys: [true]": "api-keys[0]: must be text, not true or false: put it in quotes",
    "api-keys: [your-api-key-1]": (
        "api-keys[0]: is the sample of a template: put your own key there, or remove the entry"
    ),
    "api-keys: ['a b']": (
        "api-keys[0]: holds a character that no key has: copy the key again, without spaces or line breaks"
    ),
    "claude-api-key: [{}]": "claude-api-key[0].api-key: is missing: put the key there, or remove the entry",
    "claude-api-key: [{api-key: ''}]": "claude-api-key[0].api-key: is empty: put the key there, or remove the entry",
    "claude-api-key: [{api-key: sk-atSM...}]": (
        "claude-api-key[0].api-key: is the sample of a template: put your own key there, or remove the entry"
    ),
    "claude-api-key: [{api-key: k, base-url: https://api.anthropic.com/v1}]": (
        "claude-api-key[0].base-url: must not hold /v1: /v1/messages is added to it"
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
    "openai-compatibility: [{name: x}]": (
        "openai-compatibility[0].base-url: is missing: write the provider's address, such as https://api.example.com/v1"
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
    "openai-compatibility: [{name: x, base-url: https://a.example/v1, api-keys: [k]}]": (
        "openai-compatibility[0].api-keys: does not belong here: write api-key-entries: [{api-key: ...}, ...]"
    ),
    "openai-compatibility: [{name: Claude, base-url: https://a.example/v1}]": (
        "openai-compatibility[0].name: claude is the name of claude-api-key's pool, choose another"
    ),
    "host: 0.0.0.0\napi-keys: [k]\ntls: {enable: true}": (
        "tls.enable: the gateway speaks plain HTTP only: put a TLS server in front and set it to false"
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


# Where the file is.


def test_the_option_goes_before_the_environment_and_both_before_the_folder(tmp_path: Path) -> None:
    assert find_config(None, {}, tmp_path) is None
    (tmp_path / "config.yaml").touch()
    assert find_config(None, {}, tmp_path) == tmp_path / "config.yaml"
    assert find_config("", {"CLIPROXY_CONFIG": ""}, tmp_path) == tmp_path / "config.yaml"
    assert find_config(None, {"CLIPROXY_CONFIG": "mine.yaml"}, tmp_path) == tmp_path / "mine.yaml"
    assert find_config("/etc/x.yaml", {"CLIPROXY_CONFIG": "mine.yaml"}, tmp_path) == Path("/etc/x.yaml")
