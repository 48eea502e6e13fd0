"""config.yaml: what it may say, and what that is read as."""

import subprocess
import sys
from pathlib import Path

import pytest

from addons.settings import Settings, SettingsError, find_config, parse
from addons.settings.entries import CompatibleProvider, Key

SECRET = "test-key-1"
ENTRY = """
  - api-key: test-key-1
    base-url: https://vendor.example/x/
    prefix: /team/
    priority: -2
    weight: 5
    max-concurrency: 4
    proxy-url: socks5://user:pass@proxy.example:1080/
    headers: {X-Secret: test-key-1-header, X-Session: $X-Session, X-Empty: "", X-Number: 0123}
    excluded-models: ["*-preview", " gpt-5-* ", "", "*-preview"]
    disable-cooling: false
    request-retry: 0
    request-scoped-errors:
      - {status: 400, match: [too long, ""], match-regexr: ["^context_.*$"], action: Stop-And-Cooldown}
    models:
      - name: upstream-name
        alias: mine
        display-name: Mine
        max-context-length: 1000
        is-compat: true
        input-modalities: [TEXT, image, pdf]
        output-modalities: [text]
        thinking: {min: 128, max: 4096, zero-allowed: true, dynamic-allowed: true, levels: [high, Low]}
      - name: 4.10
"""
COMPATIBLE = """
openai-compatibility:
  - name: vendor
    base-url: https://vendor.example/v1/
    disabled: true
    prefix: team
    api-key-entries:
      - {api-key: test-key-1, weight: 0, proxy-url: none}
      - {api-key: "  test-key-2 ", weight: -3}
      - weight: 2
    models: [{name: upstream-name, alias: mine}, {name: plain}]
"""
SECTIONS = ["gemini-api-key", "claude-api-key", "codex-api-key", "xai-api-key", "vertex-api-key"]


def entry_of(text: str, section: str = "claude-api-key") -> Key:
    (entry,) = parse(f"{section}:{text}").settings.key_sections[section]
    return entry


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
def test_other_addresses_are_served_with_a_client_key_also_without_https(host: str) -> None:
    assert parse(f"host: {host}\napi-keys: [{SECRET}]").notes == ()


def test_client_keys_are_trimmed_and_each_is_kept_once() -> None:
    keys = parse("api-keys: [test-key-1, ' test-key-1 ', '', test-key-2]").settings.api_keys
    assert [key.get_secret_value() for key in keys] == ["test-key-1", "test-key-2"]


def test_a_number_where_text_is_wanted_is_what_was_written() -> None:
    keys = parse("api-keys: [0123, 1_000, 4.10, 12:30, 0x1F]").settings.api_keys
    assert [key.get_secret_value() for key in keys] == ["0123", "1_000", "4.10", "12:30", "0x1F"]


@pytest.mark.parametrize(("written", "port"), [("010", 8), ("0x10", 16), ("8_317", 8317), ("0o17", 15), ("0", 0)])
def test_a_number_is_read_as_go_reads_it(written: str, port: int) -> None:
    assert parse(f"port: {written}").settings.port == port


# Entries.


@pytest.mark.parametrize("section", SECTIONS)
def test_an_entry_is_read_in_full(section: str) -> None:
    entry = entry_of(ENTRY, section)
    assert entry.api_key.get_secret_value() == "test-key-1"
    assert (entry.base_url, entry.prefix) == ("https://vendor.example/x", "team")
    assert (entry.priority, entry.weight, entry.max_concurrency) == (-2, 5, 4)
    assert entry.proxy_url.get_secret_value() == "socks5://user:pass@proxy.example:1080/"
    assert {name: value.get_secret_value() for name, value in entry.headers.items()} == {
        "X-Secret": "test-key-1-header",
        "X-Session": "$X-Session",
        "X-Number": "0123",
    }
    assert entry.excluded_models == ("*-preview", "gpt-5-*")
    assert (entry.disable_cooling, entry.request_retry) == (False, 0)
    (rule,) = entry.request_scoped_errors
    assert (rule.status, rule.match, rule.match_regexr, rule.action) == (
        400,
        ("too long",),
        ("^context_.*$",),
        "stop-and-cooldown",
    )


@pytest.mark.parametrize("section", SECTIONS)
def test_a_model_is_read_in_full(section: str) -> None:
    model, plain = entry_of(ENTRY, section).models
    assert (model.name, model.asked, model.display_name, model.max_context_length) == (
        "upstream-name",
        "mine",
        "Mine",
        1000,
    )
    assert (model.is_compat, model.input_modalities, model.output_modalities) == (
        True,
        ("text", "image", "document"),
        ("text",),
    )
    assert (plain.asked, plain.thinking, plain.input_modalities) == ("4.10", None, ())


def test_an_entry_that_says_nothing_follows_the_rest_of_the_file() -> None:
    entry = entry_of("\n  - api-key: k")
    assert (entry.disable_cooling, entry.request_retry, entry.weight, entry.priority) == (None, None, 1, 0)
    assert entry.proxy_url.get_secret_value() == ""


def test_a_compatible_provider_is_read_in_full() -> None:
    (provider,) = parse(COMPATIBLE).settings.openai_compatibility
    assert (provider.name, provider.base_url, provider.disabled) == ("vendor", "https://vendor.example/v1", True)
    assert [
        (key.api_key.get_secret_value(), key.weight, key.proxy_url.get_secret_value())
        for key in provider.api_key_entries
    ] == [(SECRET, 0, "none"), ("test-key-2", -3, ""), ("", 2, "")]
    assert [model.asked for model in provider.models] == ["mine", "plain"]


def test_a_compatible_provider_takes_what_other_entries_take() -> None:
    text = ENTRY.replace("api-key: test-key-1", "name: vendor").replace("    weight: 5\n", "")
    (provider,) = parse(f"openai-compatibility:{text}").settings.openai_compatibility
    other = entry_of(ENTRY)
    assert isinstance(provider, CompatibleProvider)
    for field in ("prefix", "priority", "headers", "models", "excluded_models", "request_scoped_errors"):
        assert getattr(provider, field) == getattr(other, field)


@pytest.mark.parametrize(("value", "read"), [("''", ""), ("direct", "direct"), (" NONE ", "none")])
def test_no_proxy_at_all_is_another_word_than_none_named(value: str, read: str) -> None:
    assert parse(f"proxy-url: {value}").settings.proxy_url.get_secret_value() == read


def test_levels_of_thinking_are_put_in_order_and_say_what_else_is_allowed() -> None:
    thinking = (
        entry_of("\n  - api-key: k\n    models: [{name: m, thinking: {levels: [XHIGH, auto, none, low, low]}}]")
        .models[0]
        .thinking
    )
    assert thinking is not None
    assert thinking.levels == ("none", "low", "xhigh")
    assert (thinking.zero_allowed, thinking.dynamic_allowed, thinking.max) == (True, True, 0)


@pytest.mark.parametrize(
    "spelling", ["zero-allowed: true, dynamic-allowed: true", "zero_allowed: true, dynamic_allowed: true"]
)
def test_both_spellings_of_the_thinking_keys_are_known(spelling: str) -> None:
    loaded = parse(f"claude-api-key: [{{api-key: k, models: [{{name: m, thinking: {{max: 9, {spelling}}}}}]}}]")
    thinking = loaded.settings.claude_api_key[0].models[0].thinking
    assert thinking is not None
    assert (thinking.zero_allowed, thinking.dynamic_allowed) == (True, True)
    assert [note.path for note in loaded.notes] == ["host"]


# Behaviour.


def test_what_is_said_of_routes_and_failures_is_read() -> None:
    settings = parse(
        """
force-model-prefix: true
passthrough-headers: true
proxy-url: http://proxy.example:3128
request-retry: 3
max-retry-credentials: 2
max-retry-interval: -1
disable-cooling: true
save-cooldown-status: true
auth-dir: ~/accounts
tls: {enable: false, cert: " a.pem ", key: b.pem}
routing: {strategy: fill-first, session-affinity: true, session-affinity-ttl: 1h30m, queue-size: 5,
          queue-timeout-seconds: 7}
"""
    ).settings
    assert settings.force_model_prefix
    assert settings.passthrough_headers
    assert settings.proxy_url.get_secret_value() == "http://proxy.example:3128"
    assert (settings.request_retry, settings.max_retry_credentials, settings.max_retry_interval) == (3, 2, -1)
    assert settings.disable_cooling
    assert settings.save_cooldown_status
    assert settings.auth_dir == "~/accounts"
    assert (settings.tls.cert, settings.tls.key) == ("a.pem", "b.pem")
    routing = settings.routing
    assert (routing.strategy, routing.session_affinity, routing.session_affinity_ttl) == ("fill-first", True, 5400.0)
    assert (routing.queue_size, routing.queue_timeout_seconds) == (5, 7)


@pytest.mark.parametrize(
    ("written", "strategy"),
    [
        ("WRR", "weighted-round-robin"),
        ("ff", "fill-first"),
        ("' Round-Robin '", "round-robin"),
        ("''", "round-robin"),
        ("weightedroundrobin", "weighted-round-robin"),
    ],
)
def test_a_strategy_has_short_names(written: str, strategy: str) -> None:
    assert parse(f"routing: {{strategy: {written}}}").settings.routing.strategy == strategy


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1h", 3600.0),
        ("1.5m", 90.0),
        (".5s", 0.5),
        ("250ms", 0.25),
        ("0", 0.0),
        ("-1s", -1.0),
        ("90", 90.0),
        ("+2us", 2e-6),
    ],
)
def test_a_duration_is_read_as_go_reads_it(written: str, seconds: float) -> None:
    ttl_s = parse(f"routing: {{session-affinity-ttl: {written}}}").settings.routing.session_affinity_ttl
    assert ttl_s == pytest.approx(seconds)


@pytest.mark.parametrize("key", ["request-retry", "max-retry-credentials"])
def test_less_than_none_is_none(key: str) -> None:
    assert getattr(parse(f"{key}: -1").settings, key.replace("-", "_")) == 0


def test_less_than_none_in_an_entry_follows_the_rest_of_the_file() -> None:
    entry = entry_of("\n  - {api-key: k, request-retry: -1, models: [{name: m, max-context-length: 0}]}")
    assert (entry.request_retry, entry.models[0].max_context_length) == (None, None)


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


# Where the file is.


def test_the_option_goes_before_the_environment_and_both_before_the_folder(tmp_path: Path) -> None:
    assert find_config(None, {}, tmp_path) is None
    (tmp_path / "config.yaml").touch()
    assert find_config(None, {}, tmp_path) == tmp_path / "config.yaml"
    assert find_config("", {"CLIPROXY_CONFIG": ""}, tmp_path) == tmp_path / "config.yaml"
    assert find_config(None, {"CLIPROXY_CONFIG": "mine.yaml"}, tmp_path) == tmp_path / "mine.yaml"
    assert find_config("/etc/x.yaml", {"CLIPROXY_CONFIG": "mine.yaml"}, tmp_path) == Path("/etc/x.yaml")


def test_a_config_in_the_home_of_nobody_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^~nobody-here/c: begins with a home folder that is not known"):
        find_config("~nobody-here/c", {}, tmp_path)


def test_the_first_config_of_a_process_is_read_like_any_other() -> None:
    text = "api-keys: [test-key-1]\nrouting: {strategy: fill-first}"
    program = f"from addons.settings import parse; print(*parse({text!r}).notes)"
    root = Path(__file__).parents[3]
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root)
    assert told.stdout.startswith("host is empty")
    assert "known" not in told.stdout
