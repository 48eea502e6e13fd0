"""Keys that have no effect: each is named once, with its reason."""

import pytest

from addons.settings import parse
from addons.settings.inactive import DISGUISE, INACTIVE, MISPLACED, OLD_FORMS, WARNED, WITHIN

REQUIRED = {"openai-compatibility": "name: x, base-url: https://vendor.example/v1, models: [{name: m}]"}
EACH = [(path, key) for path, keys in INACTIVE.items() for key in keys]


def notes(text: str) -> list[str]:
    return [str(note) for note in parse(text).notes if note.path != "host"]


def placed(path: str, key: str, value: str = "1") -> str:
    """A file in which the key stands at that path."""
    line = f"{key}: {value}"
    if not path:
        return line
    section, _, rest = path.partition("[]")
    if not rest and "[]" not in path:
        return f"{path}: {{{line}}}"
    inner = {"": line, ".models[]": f"models: [{{name: m, {line}}}]"}.get(rest, f"api-key-entries: [{{{line}}}]")
    needed = REQUIRED.get(section, "api-key: k, base-url: https://vendor.example/x")
    if rest == ".models[]":
        needed = needed.replace(", models: [{name: m}]", "")
    return f"{section}: [{{{needed}, {inner}}}]"


@pytest.mark.parametrize(("path", "key"), EACH, ids=lambda text: text or "top")
def test_each_key_that_is_not_acted_on_is_one_line_with_its_reason(path: str, key: str) -> None:
    here = f"{path.replace('[]', '[0]')}.{key}" if path else key
    said = "has no effect" if key in WARNED else "is accepted and not acted on"
    assert notes(placed(path, key)) == [f"{here} {said}: {INACTIVE[path][key]}"]


@pytest.mark.parametrize("path", [path for path in WITHIN if "[]" not in path])
def test_the_line_of_a_group_names_the_keys_in_it(path: str) -> None:
    text = f"{path}: {{{', '.join(f'{key}: 1' for key in WITHIN[path])}}}"
    assert notes(text) == [f"{path} is accepted and not acted on ({', '.join(WITHIN[path])}): {INACTIVE[''][path]}"]


def test_settings_for_disguise_are_ignored_with_that_reason() -> None:
    text = "claude-api-key:\n  - {api-key: test-key-1, cloak: {mode: always}, fingerprint-profile: claude-code-cli}"
    assert notes(text) == [
        f"claude-api-key[0].cloak is accepted and not acted on (mode): {DISGUISE}",
        f"claude-api-key[0].fingerprint-profile is accepted and not acted on: {DISGUISE}",
    ]


def test_keys_of_interactions_are_refused_by_name() -> None:
    (note,) = [note for note in parse("interactions-api-key: [{api-key: test-key-1}]").notes if note.path != "host"]
    assert note.warning
    assert "Interactions are not served yet" in str(note)


def test_the_lines_stand_in_the_order_of_the_file() -> None:
    text = "pprof: {}\nclaude-api-key: [{api-key: k..., cloak: {}}]\ndebug: true\nws-auth: true\nxai: {}"
    assert [note.path for note in parse(text).notes] == [
        "host", "pprof", "claude-api-key[0]", "claude-api-key[0].cloak", "ws-auth", "xai",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "key", ["flux-capacitor", "kimi-api-key", "minimax-api-key", "usage-statistics", "api-key-policies", "host-name-x"]
)
def test_an_unknown_key_is_one_warning_also_when_it_shares_words_with_another(key: str) -> None:
    (note,) = [note for note in parse(f"host: localhost\n{key}: 88").notes if note.warning]
    assert str(note) == f"{key} is not a known key and has no effect"


def test_a_provider_that_nobody_can_reach_is_a_warning() -> None:
    assert notes("openai-compatibility:\n  - {name: x, base-url: https://vendor.example}") == [
        "openai-compatibility[0].models is empty, so no request can reach this provider",
        "openai-compatibility[0].base-url has no path: most providers want /v1 at its end",
    ]


def test_weights_and_proxies_need_no_warning() -> None:
    assert notes("routing: {strategy: weighted-round-robin}\nproxy-url: socks5://10.0.0.1:1080") == []


def test_a_folder_of_accounts_is_said_not_to_be_read() -> None:
    assert notes("auth-dir: /data/auths") == [
        "auth-dir keeps what rests (save-cooldown-status); the account files in it are not read yet"
    ]


def test_no_key_is_known_in_two_ways() -> None:
    for path, keys in INACTIVE.items():
        assert not keys.keys() & MISPLACED.get(path, {}).keys()
        assert not keys.keys() & OLD_FORMS.get(path, {}).keys()
