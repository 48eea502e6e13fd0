"""The simulated Gemini refuses what it says it refuses, and Google's own SDK understands its replies."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from tests.support.raw import ask
from tests.vendors import behaviour as acts
from tests.vendors import gemini_shapes
from tests.vendors.gemini import GeminiVendor, quota
from tests.vendors.gemini_rules import RULES
from tests.vendors.gemini_signature import SKIP, sign
from tests.vendors.rules import Asked, Refusal
from tests.vendors.running import running
from tests.vendors.server import Request
from tests.vendors.shape import Shape

MODEL = "gemini-2.5-flash"
NEW_MODEL = "gemini-3-pro-preview"

USER = {"role": "user", "parts": [{"text": "hi"}]}
CALL = {"functionCall": {"name": "f", "args": {}}}
ANSWER = {"functionResponse": {"name": "f", "response": {"result": 1}}}


def said(role: str, *parts: Any) -> dict[str, Any]:
    return {"role": role, "parts": list(parts)}


def asked(body: dict[str, Any], model: str = MODEL, action: str = "generateContent", root: str = "/v1beta/") -> Asked:
    request = Request("POST", f"{root}models/{model}:{action}", {}, {}, json.dumps(body).encode(), 0, 0.0)
    return Asked(request, body)


def generate(model: str = MODEL, **body: Any) -> Asked:
    return asked({"contents": [USER], **body}, model)


def config(model: str = MODEL, **fields: Any) -> Asked:
    return generate(model, generationConfig=fields)


def count(**body: Any) -> Asked:
    return asked(body, action="countTokens")


def vertex(**body: Any) -> Asked:
    return asked({"contents": [USER], **body}, root="/v1/publishers/google/")


def talk(*turns: dict[str, Any], model: str = MODEL) -> Asked:
    return asked({"contents": list(turns)}, model)


def tool(**declared: Any) -> Asked:
    return generate(tools=[{"functionDeclarations": [{"name": "f", **declared}]}])


def calling(**fields: Any) -> Asked:
    return generate(toolConfig={"functionCallingConfig": fields})


BAD: dict[str, list[Asked]] = {
    "shape_is_known": [
        generate(messages=[]),
        generate(contents=[{**USER, "content": "x"}]),
        generate(contents=[said("user", {"text": 5})]),
        config(maxTokens=5),
        config(thinkingConfig={"thinkingLevel": "EXTREME"}),
        config(thinkingConfig={"effort": "high"}),
        tool(parameters={"type": "OBJECT", "properties": {"a": {"const": 1}}}),
        tool(parameters={"type": "OBJECT", "additionalProperties": False}),
        tool(parameters={"type": ["string", "null"]}),
        generate(labels={"a": "b"}),
        count(contents=[USER], generationConfig={}),
        count(contents=[USER], systemInstruction=USER),
        count(contents=[USER], tools=[]),
    ],
    "contents_are_there": [
        generate(contents=[]),
        count(),
        count(generateContentRequest={"contents": [USER]}),
        count(generateContentRequest={"model": "models/m"}),
    ],
    "roles_are_known": [
        talk(said("assistant", {"text": "x"})),
        talk(said("system", {"text": "x"})),
        vertex(contents=[{"parts": [{"text": "x"}]}]),
    ],
    "parts_hold_one_thing": [
        talk(said("user")),
        talk(said("user", {})),
        talk(said("user", {"thought": True})),
        talk(said("user", {"text": "x", "inlineData": {"mimeType": "image/png", "data": ""}})),
    ],
    "bytes_are_base64": [
        talk(said("user", {"inlineData": {"mimeType": "image/png", "data": "data:image/png;base64,AAAA"}})),
        talk(USER, said("model", {"text": "x", "thoughtSignature": "!"}), USER),
    ],
    "calls_follow_the_user": [talk(said("model", CALL), said("user", ANSWER))],
    "calls_are_answered": [
        talk(USER, said("user", ANSWER)),
        talk(USER, said("model", CALL, CALL), said("user", ANSWER)),
        talk(USER, said("model", CALL), USER),
        talk(USER, said("model", CALL), said("user", ANSWER, ANSWER)),
    ],
    "function_names_are_valid": [tool(name="1f"), tool(name="a b"), tool(name="f" * 65), tool(name=None)],
    "functions_have_one_schema": [tool(parameters={"type": "OBJECT"}, parametersJsonSchema={"type": "object"})],
    "schemas_are_googles_own": [
        tool(parameters={"type": "OBJECT", "properties": {"a": {}}}),
        tool(parameters={"type": "OBJECT", "properties": {"a": {"type": "ARRAY"}}}),
        tool(parameters={"type": "OBJECT", "properties": {"a": {"anyOf": [{"type": "STRING"}], "items": {}}}}),
        tool(parameters={"type": "OBJECT", "properties": {"a": {"type": "INTEGER", "enum": ["1"]}}}),
        tool(parameters={"type": "OBJECT", "properties": {"a": {"type": "STRING", "enum": ["b", ""]}}}),
        tool(parameters={"type": "OBJECT", "properties": {"a": {"type": "STRING", "format": "uri"}}}),
        tool(parameters={"type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "required": ["b"]}),
        config(responseMimeType="application/json", responseSchema={"type": "ARRAY"}),
    ],
    "allowed_functions_go_with_a_mode": [
        calling(allowedFunctionNames=["f"]),
        calling(mode="AUTO", allowed_function_names=["f"]),
    ],
    "sampling_is_in_range": [config(temperature=2.1), config(temperature=-1), config(stopSequences=list("abcdef"))],
    "output_has_one_schema": [
        config(responseSchema={"type": "OBJECT"}),
        config(
            responseMimeType="application/json",
            responseSchema={"type": "OBJECT"},
            responseJsonSchema={"type": "object"},
        ),
    ],
    "thinking_fits_the_model": [
        config(thinkingConfig={"thinkingBudget": 5, "thinkingLevel": "LOW"}),
        config(thinkingConfig={"thinkingLevel": "LOW"}),
        config(thinkingConfig={"thinkingBudget": 24577}),
        config("gemini-2.5-pro", thinkingConfig={"thinkingBudget": 0}),
        config("gemini-2.5-pro", thinking_config={"thinking_budget": 64}),
    ],
    "calls_of_this_turn_are_signed": [talk(USER, said("model", CALL), said("user", ANSWER), model=NEW_MODEL)],
    "signatures_are_ours": [
        talk(
            USER,
            said("model", {**CALL, "thoughtSignature": "b3RoZXI="}),
            said("user", ANSWER),
            model=NEW_MODEL,
        )
    ],
}

GOOD: list[Asked] = [
    generate(),
    generate(contents=[{"parts": [{"text": "no role"}]}]),
    generate(system_instruction={"parts": [{"text": "x"}]}, safetySettings=[{"category": "c", "threshold": "t"}]),
    config(topP=0.9, top_k=4, maxOutputTokens=5, thinkingConfig={"include_thoughts": True, "thinkingBudget": -1}),
    config(NEW_MODEL, thinkingConfig={"thinkingLevel": "low"}),
    config(responseMimeType="application/json", responseJsonSchema={"type": "object"}),
    tool(parametersJsonSchema={"type": "object", "additionalProperties": False, "$schema": "x"}),
    tool(parameters={"type": "object", "properties": {"a": {"type": "STRING", "nullable": True}}, "required": ["a"]}),
    tool(parameters={"type": "OBJECT", "properties": {"a": {"type": "STRING", "enum": ["b"], "format": "enum"}}}),
    tool(
        parameters={"type": "OBJECT", "properties": {"a": {"anyOf": [{"type": "ARRAY", "items": {"type": "NUMBER"}}]}}}
    ),
    calling(mode="ANY", allowedFunctionNames=["f"]),
    count(contents=[USER]),
    count(generateContentRequest={"model": "models/m", "contents": [USER], "systemInstruction": USER}),
    vertex(labels={"a": "b"}),
    talk(USER, said("model", CALL, CALL), said("user", ANSWER, ANSWER)),
    talk(
        USER,
        said("model", {**CALL, "thoughtSignature": sign("f")}, CALL),
        said("user", ANSWER, ANSWER),
        model=NEW_MODEL,
    ),
    talk(USER, said("model", {**CALL, "thoughtSignature": SKIP}), said("user", ANSWER), model=NEW_MODEL),
    talk(USER, said("model", CALL), said("user", ANSWER), said("model", {"text": "x"}), USER, model=NEW_MODEL),
    talk(USER, said("model", {"text": "", "thoughtSignature": sign("x").replace("+", "-").replace("/", "_")}), USER),
]


@pytest.mark.parametrize("rule", list(RULES), ids=lambda rule: rule.name)
def test_every_rule_is_made_and_says_where_it_is_written(rule: Any) -> None:
    assert len(rule.source) > len("google.genai.types")
    for request in BAD[rule.name]:
        with pytest.raises(Refusal) as caught:
            RULES.apply(request)
        with pytest.raises(Refusal) as alone:
            rule.check(request)
        assert caught.value.message == alone.value.message
        assert caught.value.status == 400


def test_no_rule_is_missing() -> None:
    assert [rule.name for rule in RULES] == list(BAD)


@pytest.mark.parametrize("request_", GOOD, ids=range(len(GOOD)))
def test_what_the_vendor_takes_is_taken(request_: Asked) -> None:
    RULES.apply(request_)


def test_every_shape_has_a_source() -> None:
    shapes = [shape for shape in vars(gemini_shapes).values() if isinstance(shape, Shape)]
    assert shapes
    assert all(shape.source.startswith(("google.genai.", "ai.google.dev/")) for shape in shapes)


def test_flaws_are_told_in_the_words_of_protobuf() -> None:
    with pytest.raises(Refusal, match=r"Unknown name \"const\" at 'tools\[0\]\.function_declarations\[0\]\.parameters"):
        RULES.apply(tool(parameters={"type": "OBJECT", "properties": {"a": {"const": 1}}}))
    with pytest.raises(Refusal, match=r"Invalid value at 'contents\[0\]\.parts\[0\]\.text' \(TYPE_STRING\), 5"):
        RULES.apply(generate(contents=[said("user", {"text": 5})]))


@pytest.fixture(scope="module")
def vendor() -> Iterator[GeminiVendor]:
    simulated = GeminiVendor(models=(MODEL, NEW_MODEL))
    with running(simulated):
        yield simulated


@pytest.fixture
def sdk(vendor: GeminiVendor) -> Callable[..., genai.Client]:
    vendor.reset()

    def client(key: str = "test-key-1") -> genai.Client:
        return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=vendor.base_url, api_version="v1beta"))

    return client


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


def test_the_sdk_reads_its_replies(sdk: Callable[..., genai.Client]) -> None:
    client = sdk()
    whole = client.models.generate_content(model=MODEL, contents="hello")
    assert (whole.text, whole.model_version) == ("echo: hello", MODEL)
    streamed = list(client.models.generate_content_stream(model=MODEL, contents="hello there, how are you"))
    assert "".join(chunk.text or "" for chunk in streamed) == "echo: hello there, how are you"
    assert len(streamed) > 1
    assert client.models.count_tokens(model=MODEL, contents="hello").total_tokens
    assert [model.name for model in client.models.list()] == [f"models/{MODEL}", f"models/{NEW_MODEL}"]
    assert client.models.get(model=MODEL).output_token_limit == 65536


@pytest.mark.parametrize("model", [MODEL, NEW_MODEL])
def test_the_sdk_calls_functions(sdk: Callable[..., genai.Client], model: str) -> None:
    told = 'CALL add {"a": 1, "b": 2}'
    client = sdk()  # It closes when nobody holds it.
    reply = client.models.generate_content(model=model, contents=told, config=types.GenerateContentConfig(tools=[add]))
    assert reply.text == "done"


def test_a_stream_without_alt_sse_is_one_array(vendor: GeminiVendor, sdk: Callable[..., genai.Client]) -> None:
    url = f"{vendor.base_url}/v1beta/models/{MODEL}:streamGenerateContent?key=test-key-1"
    got = ask(url, "POST", body={"contents": [USER]})
    assert got.headers["content-type"].startswith("application/json")
    texts = [chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in got.json]
    assert "".join(texts) == "echo: hi"


def test_refusals_are_the_sdks_exceptions(vendor: GeminiVendor, sdk: Callable[..., genai.Client]) -> None:
    for key, script, code, status in (
        ("test-key-1", acts.refused(503, "overloaded"), 503, "UNAVAILABLE"),
        ("test-key-1", quota("x"), 429, "RESOURCE_EXHAUSTED"),
        ("bad-key", None, 400, "INVALID_ARGUMENT"),
    ):
        if script is not None:
            vendor.script.then(script)
        client = sdk(key)
        with pytest.raises(errors.APIError) as caught:
            client.models.generate_content(model=MODEL, contents="hello")
        assert (caught.value.code, caught.value.status) == (code, status)
    client = sdk()
    with pytest.raises(errors.ClientError, match="is not found for API version"):
        client.models.generate_content(model="gemini-9", contents="hello")
