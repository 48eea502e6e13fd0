"""Which route a path means."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addons.paths import RouteTable, canonical_of, surface_of
from addons.refusals import DotSegments, UnknownPath, WrongMethod
from translators import registry
from translators.dialect import Dialect, Operation, Route

CHAT = registry.dialect("openai_chat")
ANTHROPIC = registry.dialect("anthropic")


def of_routes(name: str, *routes: Route) -> Dialect:
    """A dialect of which only the routes matter."""
    return replace(CHAT, name=name, routes=routes)


GEMINI = of_routes(
    "gemini",
    Route("POST", "/v1beta/models/{model}:generateContent", Operation.GENERATE, stream=False),
    Route("POST", "/v1beta/models/{model}:streamGenerateContent", Operation.GENERATE, stream=True),
    Route("POST", "/v1beta/models/{model}:countTokens", Operation.COUNT_TOKENS),
    Route("GET", "/v1beta/models", Operation.LIST_MODELS),
    Route("GET", "/v1beta/models/{model}", Operation.ONE_MODEL),
)
RESPONSES = of_routes(
    "openai_responses",
    Route("POST", "/v1/responses", Operation.GENERATE),
    Route("POST", "/v1/responses/compact", Operation.COMPACT),
    Route("GET", "/v1/responses", Operation.UPGRADE),
)
COMPLETIONS = of_routes("openai_completions", Route("POST", "/v1/completions", Operation.GENERATE))
TABLE = RouteTable((ANTHROPIC, GEMINI, CHAT, COMPLETIONS, RESPONSES))


def found(method: str, path: str, speaker: str = "openai_chat") -> tuple[str, Operation, str]:
    place = TABLE.find(method, path, speaker)
    return place.dialect.name, place.route.operation, place.model


@pytest.mark.parametrize(
    ("path", "dialect", "operation"),
    [
        ("/v1/chat/completions", "openai_chat", Operation.GENERATE),
        ("/v1/completions", "openai_completions", Operation.GENERATE),
        ("/v1/messages", "anthropic", Operation.GENERATE),
        ("/v1/messages/count_tokens", "anthropic", Operation.COUNT_TOKENS),
        ("/v1/responses", "openai_responses", Operation.GENERATE),
        ("/v1/responses/compact", "openai_responses", Operation.COMPACT),
        ("/backend-api/codex/responses", "openai_responses", Operation.GENERATE),
        ("/backend-api/codex/responses/compact", "openai_responses", Operation.COMPACT),
        ("/api/provider/anthropic/v1/messages", "anthropic", Operation.GENERATE),
        ("/api/provider/anthropic/v1/messages/count_tokens", "anthropic", Operation.COUNT_TOKENS),
        ("/api/provider/openai/v1/chat/completions", "openai_chat", Operation.GENERATE),
        ("/api/provider/groq/chat/completions", "openai_chat", Operation.GENERATE),
        ("/api/provider/openai/completions", "openai_completions", Operation.GENERATE),
        ("/api/provider/openai/responses", "openai_responses", Operation.GENERATE),
        ("/api/provider/xai/v1/responses", "openai_responses", Operation.GENERATE),
        ("/api/provider/anything/v1/messages", "anthropic", Operation.GENERATE),
    ],
)
@pytest.mark.parametrize("spelling", ["{}", "{}/", "/{}", "{}//"])
def test_a_path_leads_to_its_operation(path: str, dialect: str, operation: Operation, spelling: str) -> None:
    assert found("POST", spelling.format(path)) == (dialect, operation, "")


def test_doubled_slashes_are_one() -> None:
    assert found("POST", "//v1//messages") == ("anthropic", Operation.GENERATE, "")


@pytest.mark.parametrize(
    "model",
    [
        "gemini-2.5-pro",
        "a/b/c",
        "llama3:8b",
        "gemini-2.5-pro(high)",
        "models/gemini",
        "a:generateContent",
        "日本",
        "50%",
    ],
)
@pytest.mark.parametrize("colon", [":", "%3A", "%3a"])
@pytest.mark.parametrize(
    "start",
    [
        "/v1beta/models/",
        "/v1/models/",
        "/v1alpha/models/",
        "/v1beta1/models/",
        "/api/provider/google/v1beta/models/",
        "/api/provider/google/v1/models/",
        "/api/provider/google/v1beta1/publishers/google/models/",
        "/v1beta1/publishers/google/models/",
        "/v1/publishers/google/models/",
        "/v1/projects/some-project/locations/us-central1/publishers/google/models/",
    ],
)
def test_the_model_stands_in_geminis_paths_whatever_its_name(start: str, model: str, colon: str) -> None:
    spellings = {model.replace("%", "%25"), "".join(f"%{byte:02X}" for byte in model.encode())}
    for spelling in spellings:
        path = f"{start}{spelling}{colon}"
        assert found("POST", f"{path}generateContent") == ("gemini", Operation.GENERATE, model)
        assert found("POST", f"{path}countTokens") == ("gemini", Operation.COUNT_TOKENS, model)
        assert TABLE.find("POST", f"{path}generateContent", "").route.stream is False
        assert TABLE.find("POST", f"{path}streamGenerateContent", "").route.stream is True


@pytest.mark.parametrize("path", ["/v1beta/models", "/v1alpha/models", "/api/provider/google/v1beta/models"])
def test_geminis_list_is_geminis_whoever_asks(path: str) -> None:
    assert found("GET", path, "anthropic") == ("gemini", Operation.LIST_MODELS, "")
    assert found("GET", f"{path}/gemini-3", "anthropic") == ("gemini", Operation.ONE_MODEL, "gemini-3")


@pytest.mark.parametrize("speaker", ["anthropic", "gemini", "openai_chat", "openai_responses"])
@pytest.mark.parametrize("path", ["/v1/models", "/api/provider/some/models", "/backend-api/codex/models"])
def test_the_shared_list_is_in_the_dialect_of_who_asks(path: str, speaker: str) -> None:
    assert found("GET", path, speaker) == (speaker, Operation.LIST_MODELS, "")
    if "codex" not in path:
        assert found("GET", f"{path}/meta/llama3:8b", speaker) == (speaker, Operation.ONE_MODEL, "meta/llama3:8b")


@pytest.mark.parametrize("path", ["/v1/responses", "/backend-api/codex/responses", "/api/provider/openai/responses"])
def test_a_get_of_responses_is_a_websockets_handshake(path: str) -> None:
    assert found("GET", path) == ("openai_responses", Operation.UPGRADE, "")


@pytest.mark.parametrize(
    ("path", "surface"),
    [
        ("/api/provider/anthropic/v1/models", "anthropic"),
        ("/api/provider/Anthropic/models", "anthropic"),
        ("/api/provider/google/v1/models", "gemini"),
        ("/api/provider/fireworks/v1/models", "openai_chat"),
        ("/backend-api/codex/models", "openai_responses"),
        ("/v1beta/nothing", "gemini"),
        ("/v1alpha/models", "gemini"),
        ("/v1/models", None),
        ("/v1/chat/completions", None),
        ("/api/provider", None),
    ],
)
def test_a_path_may_tell_the_dialect(path: str, surface: str | None) -> None:
    assert surface_of(path) == surface


@pytest.mark.parametrize(
    "path",
    [
        "/v1/../v1/messages",
        "/v1/./messages",
        "/v1/models/..",
        "/v1beta/models/%2e%2e:generateContent/..",
        "/v1beta/models/a%2F..%2Fb:generateContent",
        "/v1/%2e%2e/v0/management",
        "/api/provider/../v1/messages",
        "/api/provider/x/../../v1/messages",
        "/..",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_dot_segments_lead_nowhere(path: str, method: str) -> None:
    with pytest.raises(DotSegments) as caught:
        TABLE.find(method, path, "openai_chat")
    assert caught.value.status == 400


@pytest.mark.parametrize("path", ["/v1beta/models/..a:generateContent", "/v1beta/models/a...b:generateContent"])
def test_dots_within_a_name_are_no_dot_segments(path: str) -> None:
    assert found("POST", path)[0] == "gemini"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/messages", ("POST",)),
        ("POST", "/v1/models", ("GET",)),
        ("DELETE", "/v1/responses", ("GET", "POST")),
        ("PUT", "/v1beta/models/gemini-3:generateContent", ("POST",)),
        ("GET", "/api/provider/openai/chat/completions", ("POST",)),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(method: str, path: str, allowed: tuple[str, ...]) -> None:
    with pytest.raises(WrongMethod) as caught:
        TABLE.find(method, path, "openai_chat")
    assert caught.value.allowed == allowed


@pytest.mark.parametrize(
    "path",
    [
        "/v1beta/models/gemini-3:embedContent",
        "/v1/models/gemini-3:embedContent",
        "/v1beta/models/:generateContent",
        "/v1beta",
        "/api/provider",
        "/api/provider/x",
        "/backend-api/codex",
        "/backend-api/codex/messages",
        "/backend-api/wham/usage",
        "/",
        "",
    ],
)
def test_what_nobody_serves_is_unknown(path: str) -> None:
    with pytest.raises(UnknownPath):
        TABLE.find("POST", path, "openai_chat")


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/messages", "did you mean /v1/messages?"),
        ("/v1/v1/messages", "did you mean /v1/messages?"),
        ("/openai/v1/responses", "did you mean /v1/responses?"),
        ("/v1/nothing", "see GET /"),
    ],
)
def test_an_unknown_path_is_told_what_may_be_meant(path: str, hint: str) -> None:
    with pytest.raises(UnknownPath, match=hint.replace("?", r"\?")):
        TABLE.find("POST", path, "openai_chat")


def test_an_error_is_worded_by_whom_the_path_belongs_to_whatever_the_method() -> None:
    assert TABLE.dialect_at("GET", "/v1/messages", "openai_chat") is ANTHROPIC
    assert TABLE.dialect_at("PATCH", "/v1beta/models/x:generateContent", "openai_chat") is GEMINI
    assert TABLE.dialect_at("PATCH", "/v1/models", "anthropic") is ANTHROPIC
    assert TABLE.dialect_at("GET", "/nothing", "anthropic") is None


def test_the_list_of_routes_leaves_out_what_is_only_refused() -> None:
    served = set(TABLE.served())
    assert {"POST /v1/messages", "GET /v1/models", "POST /v1beta/models/{model}:generateContent"} <= served
    assert "GET /v1/responses" not in served


PATHS = st.lists(
    st.sampled_from(["v1", "v1beta", "models", "api", "provider", "google", "a:generateContent", "..", "%2e", "", "%"])
    | st.text(max_size=5),
    max_size=7,
).map(lambda segments: "/" + "/".join(segments))


@given(method=st.sampled_from(["GET", "POST"]), path=PATHS)
def test_any_path_is_served_or_refused(method: str, path: str) -> None:
    try:
        place = TABLE.find(method, path, "openai_chat")
    except (DotSegments, UnknownPath, WrongMethod) as error:
        assert error.status in (400, 404, 405)  # noqa: PT017
    else:
        assert not {".", ".."} & set(place.model.split("/"))


@given(method=st.sampled_from(["GET", "POST"]), path=PATHS)
def test_a_canonical_path_has_no_detours(method: str, path: str) -> None:
    try:
        canonical = canonical_of(method, path)
    except DotSegments:
        return
    assert canonical == "/" or not {"", ".", ".."} & set(canonical[1:].split("/"))
