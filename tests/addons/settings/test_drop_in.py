"""What configs of CLIProxyAPI and its guides hold, and what is made of it here."""

import pytest

from addons.settings import Note, SettingsError, parse

SAMPLE = """
host: ""
port: 8317
tls: {enable: false, cert: "", key: ""}
remote-management: {allow-remote: false, secret-key: "", disable-control-panel: false}
auth-dir: "~/.cli-proxy-api"
api-keys: [your-api-key-1, "your-api-key-2"]
quota-exceeded: {switch-project: true, switch-preview-model: true}
routing: {strategy: "round-robin", session-affinity: false, session-affinity-ttl: "1h"}
gemini-api-key:
  - api-key: "AIzaSy...01"
    proxy-url: "socks5://proxy.example.com:1080"
    models: [{name: a, alias: b, thinking: {levels: [high, none, auto]}}]
  - api-key: "AIzaSy...02"
codex-api-key:
  - {api-key: "sk-atSM...", base-url: "https://www.example.com", excluded-models: ["*codex*"]}
claude-api-key:
  - api-key: "sk-atSM..."
  - api-key: "your-key"
    cloak: {mode: auto}
xai-api-key: [{api-key: "xai-...", base-url: "https://api.x.ai/v1", websockets: true}]
vertex-api-key: [{api-key: "vk-123..."}]
openai-compatibility:
  - name: openrouter
    base-url: https://openrouter.ai/api/v1
    api-key-entries: [{api-key: "sk-or-v1-...b780", weight: 5}, {api-key: "sk-or-v1-...b781"}]
    models: [{name: a, alias: pool}, {name: b, alias: pool}]
"""


def warnings(text: str) -> list[str]:
    return [str(note) for note in parse(text).notes if note.warning]


def told(text: str) -> list[Note]:
    return [note for note in parse(text).notes if note.path != "host"]


def test_a_sample_as_it_stands_loads_without_its_keys() -> None:
    settings = parse(SAMPLE).settings
    assert [list(entries) for entries in settings.key_sections.values()] == [[], [], [], [], []]
    assert settings.openai_compatibility == ()
    assert warnings(SAMPLE) == [
        "api-keys holds only samples of a template, so every request is refused: put a key of your own there",
        *(
            f"{path} is left out: its api-key is the sample of a template. Put your own key there, or remove the entry"
            for path in (
                "gemini-api-key[0]",
                "gemini-api-key[1]",
                "codex-api-key[0]",
                "claude-api-key[0]",
                "claude-api-key[1]",
                "xai-api-key[0]",
                "vertex-api-key[0]",
                "openai-compatibility[0]",
            )
        ),
    ]


@pytest.mark.parametrize(
    "sample",
    ["your-key", "your-api-key-1", "YOUR_API_KEY", "your_openai_api_key", "<your key>", "sk-...", "AIzaSy...01",
     "sk-ant-…", "88_XXXXXXXXXXXXXXXX", "sk-xxxxxxxxxxxx", "your-api-key-here", "sk-****************"],
)  # fmt: skip
def test_what_stands_for_a_key_in_samples_is_no_key(sample: str) -> None:
    assert parse(f"claude-api-key: [{{api-key: '{sample}'}}]").settings.claude_api_key == ()


@pytest.mark.parametrize("key", ["ABC-123456", "lm-studio", "ollama", "my-key", "token-abc123", "sk-00000000", "xxx"])
def test_what_people_use_as_keys_is_a_key(key: str) -> None:
    assert len(parse(f"claude-api-key: [{{api-key: {key}}}]\napi-keys: [{key}]").settings.claude_api_key) == 1
    assert warnings(f"claude-api-key: [{{api-key: {key}}}]\napi-keys: [{key}]") == []


def test_other_keys_of_the_same_list_stay_and_keep_their_places_in_what_is_said() -> None:
    text = "claude-api-key: [{api-key: sk-...}, {api-key: test-key-1}, {}, {api-key: test-key-2, weight: x}]"
    with pytest.raises(SettingsError, match=r"claude-api-key\[3\]\.weight: must be a whole number"):
        parse(text)
    kept = parse(text.replace("weight: x", "weight: 2")).settings.claude_api_key
    assert [key.api_key.get_secret_value() for key in kept] == ["test-key-1", "test-key-2"]


def test_one_key_of_a_provider_may_be_a_sample() -> None:
    keys = "api-key-entries: [{api-key: sk-...}, {api-key: test-key-1}]"
    text = f"openai-compatibility: [{{base-url: https://a.example/v1, models: [{{name: m}}], {keys}}}]"
    (provider,) = parse(text).settings.openai_compatibility
    assert [key.api_key.get_secret_value() for key in provider.api_key_entries] == ["test-key-1"]
    said = "openai-compatibility[0].api-key-entries[0] is left out: its api-key is the sample of a template."
    assert warnings(text) == [f"{said} Put your own key there, or remove the entry"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "codex-api-key: [{api-key: test-key-1}]",
            (
                "codex-api-key[0] is left out: it has no base-url. Add one, such as https://api.openai.com/v1,"
                " or remove the entry"
            ),
        ),
        (
            "openai-compatibility: [{name: x, base-url: ' '}]",
            (
                "openai-compatibility[0] is left out: it has no base-url. Add one, such as https://api.example.com/v1,"
                " or remove the entry"
            ),
        ),
        (
            "gemini-api-key: [{prefix: x}]",
            "gemini-api-key[0] is left out: it has neither api-key nor base-url. Add one of them, or remove the entry",
        ),
        (
            "claude-api-key: [{api-key: k, request-scoped-errors: [{status: 400, match: ['', ' '], action: stop}]}]",
            (
                "claude-api-key[0].request-scoped-errors[0] is left out: it has neither match nor match-regexr."
                " Add one of them: what the error's body must hold"
            ),
        ),
    ],
)
def test_what_cliproxyapi_passes_over_in_silence_is_left_out_with_a_warning(text: str, said: str) -> None:
    assert warnings(text) == [said]


def test_an_entry_that_needs_no_key_stays() -> None:
    assert len(parse("gemini-api-key: [{base-url: http://localhost:9999}]").settings.gemini_api_key) == 1
    assert len(parse("xai-api-key: [{api-key: k}]").settings.xai_api_key) == 1


def test_copies_of_an_entry_are_left_out() -> None:
    text = "claude-api-key: [{api-key: k, prefix: a}, {api-key: k}, {api-key: k, prefix: a}]"
    assert [key.prefix for key in parse(text).settings.claude_api_key] == ["a", ""]
    assert [(str(note), note.warning) for note in told(text)] == [
        ("claude-api-key[2] is left out: it is the same as claude-api-key[0]", False)
    ]


def test_numbers_that_are_written_in_two_ways_are_two_keys() -> None:
    assert len(parse("claude-api-key: [{api-key: 0123}, {api-key: 83}]").settings.claude_api_key) == 2


def test_the_keys_of_old_guides_are_read() -> None:
    keys = "api-keys: [k1, k2, sk-...]"
    text = f"openai-compatibility: [{{base-url: https://a.example/v1, models: [{{name: m}}], {keys}}}]"
    (provider,) = parse(text).settings.openai_compatibility
    assert [key.api_key.get_secret_value() for key in provider.api_key_entries] == ["k1", "k2"]
    assert "openai-compatibility[0].api-keys is the old form of api-key-entries, and read like it" in [
        str(note) for note in told(text)
    ]


def test_a_compatible_vendor_may_be_called_like_another_section() -> None:
    text = "openai-compatibility: [{name: Gemini, base-url: https://a.example/v1, models: [{name: m}]}]"
    assert parse(text).settings.openai_compatibility[0].name == "Gemini-compatible"
    assert [str(note) for note in told(text)] == [
        "openai-compatibility[0].name is what gemini-api-key's pool is called: this one is called Gemini-compatible"
    ]


def test_a_compatible_vendor_without_a_name_gets_one() -> None:
    text = "openai-compatibility: [{base-url: https://a.example/v1, models: [{name: m}]}]"
    assert parse(text).settings.openai_compatibility[0].name == "openai-compatibility"


def test_the_client_keys_of_a_guide_are_client_keys() -> None:
    assert warnings('api-keys:\n- "ABC-123456"\n- your-api-key-1') == [
        "api-keys[1] is the sample of a template and lets nobody in: write a long random text in its place"
    ]
