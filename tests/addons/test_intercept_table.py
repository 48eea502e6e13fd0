"""Which hosts are opened, and what is inference there."""

import pytest

from addons.intercept_table import Host, HostTable, ModelMap, known_hosts, listed_hosts
from addons.refusals import DotSegments
from addons.settings.model import Intercept
from translators.dialect import Operation
from translators.envelopes.code_assist import ENVELOPE

TABLE = HostTable(known_hosts())


@pytest.mark.parametrize(
    ("host", "path", "dialect", "operation"),
    [
        ("api.anthropic.com", "/v1/messages", "anthropic", Operation.GENERATE),
        ("API.Anthropic.com.", "/v1/messages/count_tokens", "anthropic", Operation.COUNT_TOKENS),
        ("api.openai.com", "/v1/chat/completions", "openai_chat", Operation.GENERATE),
        ("api.openai.com", "/v1/completions", "openai_completions", Operation.GENERATE),
        ("api.openai.com", "/v1/responses", "openai_responses", Operation.GENERATE),
        ("api.openai.com", "/v1/responses/compact", "openai_responses", Operation.COMPACT),
        ("api.openai.com", "/v1/responses/input_tokens", "openai_responses", Operation.COUNT_TOKENS),
        ("chatgpt.com", "/backend-api/codex/responses", "openai_responses", Operation.GENERATE),
        ("chatgpt.com", "/backend-api/codex/responses/compact", "openai_responses", Operation.COMPACT),
        ("api.x.ai", "/v1/responses", "openai_responses", Operation.GENERATE),
        ("api.x.ai", "/v1/chat/completions", "openai_chat", Operation.GENERATE),
    ],
)
def test_inference_of_the_vendors_is_known(host: str, path: str, dialect: str, operation: Operation) -> None:
    place = TABLE.place(host, path)
    assert place is not None
    assert (place.dialect.name, place.route.operation, place.model) == (dialect, operation, "")


@pytest.mark.parametrize("colon", [":", "%3A", "%3a"])
@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_a_path_of_google_names_the_model(version: str, colon: str) -> None:
    place = TABLE.place("generativelanguage.googleapis.com", f"/{version}/models/gemini-x{colon}streamGenerateContent")
    assert place is not None
    assert (place.dialect.name, place.model, place.route.stream) == ("gemini", "gemini-x", True)


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("api.anthropic.com", "/v1/messages/batches"),
        ("api.anthropic.com", "/v1/messages/"),
        ("api.anthropic.com", "/v1//messages"),
        ("api.anthropic.com", "/v1/%6dessages"),
        ("api.anthropic.com", "/api/oauth/profile"),
        ("api.anthropic.com", "/v1/chat/completions"),
        ("api.anthropic.com", "/api/provider/anthropic/v1/messages"),
        ("chatgpt.com", "/v1/responses"),
        ("chatgpt.com", "/backend-api/wham/usage"),
        ("generativelanguage.googleapis.com", "/v1beta/models/gemini-x:embedContent"),
        ("generativelanguage.googleapis.com", "/v1beta/models/a/b:generateContent"),
        ("generativelanguage.googleapis.com", "/v1beta/models/gemini-x%253AgenerateContent"),
        ("generativelanguage.googleapis.com", "/v1beta/models/gemini-x%3agenerate%43ontent"),
        ("generativelanguage.googleapis.com", "/v1beta/models/a:b%3AgenerateContent"),
        ("cloudcode-pa.googleapis.com", "/v1internal:loadCodeAssist"),
        ("example.com", "/v1/messages"),
        ("api.anthropic.com.example.com", "/v1/messages"),
    ],
)
def test_everything_else_is_left_to_the_vendor(host: str, path: str) -> None:
    assert TABLE.place(host, path) is None


def test_every_known_host_is_opened_and_no_other() -> None:
    assert set(TABLE.names()) == known_hosts().keys()
    assert not TABLE.opened("example.com")


def test_one_path_that_is_served_opens_a_host() -> None:
    paths = ("/v2/unheard-of", "/v1/messages")
    table = HostTable({"a": Host(paths), "b": Host(paths[:1]), "c": Host(())})
    assert [table.opened(name) for name in ("a", "b", "c")] == [True, False, False]
    assert table.place("a", "/v2/unheard-of") is None


def test_code_assist_is_gemini_in_an_envelope() -> None:
    place = TABLE.place("cloudcode-pa.googleapis.com", "/v1internal:streamGenerateContent")
    assert place is not None
    assert (place.dialect.name, place.route.stream, place.route.envelope) == ("gemini", True, ENVELOPE)


def test_http2_is_offered_everywhere_but_where_websockets_are_wanted() -> None:
    table = HostTable(listed_hosts(Intercept(hosts={"llm.example.com": "api.anthropic.com"})))
    narrow = [name for name in ("llm.example.com", *known_hosts()) if table.http1_only(name)]
    assert narrow == ["llm.example.com", "api.anthropic.com"]
    assert table.http1_only("API.anthropic.com.")


@pytest.mark.parametrize("path", ["/v1/../v1/messages", "/v1/%2e%2E/x", "/a/./b", "/v1/messages/.."])
def test_dot_segments_are_refused_before_anything_is_matched(path: str) -> None:
    with pytest.raises(DotSegments):
        TABLE.place("api.anthropic.com", path)


@pytest.mark.parametrize(
    ("host", "path", "dialect"),
    [
        ("api.anthropic.com", "/anything", "anthropic"),
        ("api.openai.com", "/v1/responses", "openai_responses"),
        ("generativelanguage.googleapis.com", "/v1beta/../x", "gemini"),
        ("example.com", "/", "openai_chat"),
    ],
)
def test_an_error_is_worded_in_the_dialect_of_the_place(host: str, path: str, dialect: str) -> None:
    assert TABLE.dialect(host, path).name == dialect


def test_hosts_are_added_and_removed() -> None:
    hosts = listed_hosts(Intercept(hosts={"LLM.example.com": "api.anthropic.com"}, remove_hosts=("API.x.ai",)))
    assert hosts["llm.example.com"] == hosts["api.anthropic.com"]
    assert "api.x.ai" not in hosts


def test_an_exact_name_stands_over_patterns_and_those_in_the_order_of_the_file() -> None:
    models = ModelMap({"claude-*": "a", "claude-opus*": "b", "claude-opus-1": "c"})
    assert [models.answering(name) for name in ("claude-opus-1", "claude-opus-2", "gpt-1")] == ["c", "a", "gpt-1"]
