"""The simulated vendor of Responses: each refusal is made and written down, its replies please OpenAI's SDK."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.vendors import behaviour as acts
from tests.vendors import responses_rules, responses_shapes
from tests.vendors.behaviour import Reply, Stop, Text, Thinking, Tokens, ToolCall
from tests.vendors.refusing import check_refuses
from tests.vendors.responses import ResponsesVendor
from tests.vendors.rules import Asked, Rule
from tests.vendors.running import running
from tests.vendors.server import Request

TOOL: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": False,
}
BOOKS = {"genuine": responses_rules.GENUINE, "backend": responses_rules.BACKEND}
RULES = [(name, rule) for name, book in BOOKS.items() for rule in book]
USER = {"role": "user", "content": "hi"}
CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
ANSWER = {"type": "function_call_output", "call_id": "c1", "output": "ok"}
SPOKEN = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "x", "annotations": []}],
}
SEALED = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAAAx"}


def asked(body: dict[str, Any], path: str = "/responses") -> Asked:
    return Asked(Request("POST", path, {}, {}, json.dumps(body).encode(), 0, 0.0), body)


def genuine(**body: Any) -> Asked:
    return asked({"model": "gpt-5-sim", "input": [USER], **body})


def backend(path: str = "/responses", /, **body: Any) -> Asked:
    common = {"model": "m", "input": [USER], "instructions": ""}
    always = {} if path.endswith("compact") else {"stream": True, "store": False}
    return asked({**common, **always, **body}, path)


def without(name: str) -> Asked:
    good = backend().body
    del good[name]
    return asked(good)


COMMON: dict[str, list[dict[str, Any]]] = {
    "tool_names_are_plain": [{"tools": [{**TOOL, "name": "a.b"}]}, {"tools": [{**TOOL, "name": "x" * 129}]}],
    "calls_are_answered": [
        {"input": [USER, CALL]},
        {"input": [USER, ANSWER]},
        {"input": [{"type": "custom_tool_call", "call_id": "c1", "name": "f", "input": ""}, ANSWER]},
    ],
    "item_ids_tell_their_kind": [
        {"input": [{"type": "message", "id": "x", **USER}]},
        {"input": [{**CALL, "id": "call_1"}, ANSWER]},
    ],
    "ids_are_short": [{"input": [{**CALL, "call_id": "x" * 65}]}, {"input": [{**SEALED, "id": "rs_" + "x" * 62}]}],
    "sealed_reasoning_is_ours": [{"input": [{**SEALED, "encrypted_content": "EqQB"}, CALL, ANSWER]}],
}
BAD: dict[tuple[str, str], list[Asked]] = {
    **{("genuine", name): [genuine(**body) for body in bodies] for name, bodies in COMMON.items()},
    **{("backend", name): [backend(**body) for body in bodies] for name, bodies in COMMON.items()},
    ("genuine", "shape_is_known"): [
        genuine(messages=[USER]),
        genuine(max_tokens=5),
        genuine(input=[{"role": "user", "content": [{"type": "text", "text": "x"}]}]),
        genuine(input=[{"role": "tool", "content": "x"}]),
        genuine(tools=[{"type": "function", "function": {"name": "f"}}]),
        genuine(reasoning={"effort": "huge"}),
        asked({"model": "m", "input": "x", "tools": []}, "/responses/compact"),
        asked({"input": "x"}, "/responses/compact"),
        asked({"model": "m", "input": "x", "store": False}, "/responses/input_tokens"),
        asked({"model": "m", "input": "x", "max_output_tokens": 50}, "/responses/input_tokens"),
    ],
    ("genuine", "there_is_an_input"): [asked({"model": "m"}), genuine(input=[])],
    ("genuine", "output_tokens_are_enough"): [genuine(max_output_tokens=15)],
    ("genuine", "reasoning_models_have_no_sampling"): [genuine(temperature=0.5), genuine(top_p=1)],
    ("genuine", "schemas_are_taken"): [
        genuine(tools=[{**TOOL, "strict": True}]),
        genuine(tools=[{**TOOL, "parameters": {"type": "string"}}]),
        genuine(text={"format": {"type": "json_schema", "name": "n", "strict": True, "schema": {"type": "array"}}}),
    ],
    ("genuine", "assistants_put_words_out"): [
        genuine(input=[USER, {"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}, USER])
    ],
    ("genuine", "chosen_tools_are_there"): [genuine(tool_choice={"type": "function", "name": "f"}, tools=[TOOL])],
    ("genuine", "required_tools_are_there"): [genuine(tool_choice="required")],
    ("genuine", "reasoning_is_followed"): [genuine(input=[USER, SEALED]), genuine(input=[SEALED, USER])],
    ("genuine", "previous_response_is_there"): [genuine(previous_response_id="resp_1")],
    ("backend", "stream_is_true"): [without("stream"), backend(stream=False)],
    ("backend", "store_is_false"): [without("store"), backend(store=True)],
    ("backend", "compactions_are_not_streamed"): [backend("/responses/compact", stream=False)],
    ("backend", "instructions_are_there"): [without("instructions"), backend(instructions=None)],
    ("backend", "input_is_a_list"): [backend(input="hi"), without("input")],
    ("backend", "parameters_are_supported"): [backend(**{name: 1}) for name in responses_rules.UNSUPPORTED],
    ("backend", "service_tier_is_priority"): [backend(service_tier="auto")],
    ("backend", "nobody_is_the_system"): [backend(input=[{"role": "system", "content": "x"}])],
    ("backend", "there_are_no_breakpoints"): [
        backend(input=[{"role": "user", "content": [{"type": "input_text", "prompt_cache_breakpoint": {}}]}])
    ],
    ("backend", "tools_are_known"): [backend(tools=[{"type": "web_search_preview"}])],
}
GOOD = [
    ("genuine", genuine()),
    ("genuine", genuine(input="hi", instructions="x", tools=[TOOL], tool_choice="required", store=False)),
    ("genuine", genuine(input=[USER, SEALED, CALL, ANSWER], include=["reasoning.encrypted_content"], stream=True)),
    ("genuine", genuine(input=[USER, SPOKEN, USER])),
    ("genuine", genuine(model="gpt-4.1", temperature=0.5, max_output_tokens=16)),
    ("genuine", asked({"model": "m", "input": [USER]}, "/responses/compact")),
    ("genuine", asked({"model": "m", "input": [USER], "tools": [TOOL], "text": {}}, "/responses/input_tokens")),
    ("backend", backend(input=[USER, SEALED, CALL, ANSWER], tools=[TOOL], service_tier="priority")),
    ("backend", backend("/responses/compact")),
]


def named(parameter: object) -> str:
    return parameter.name if isinstance(parameter, Rule) else str(parameter)[:20]


@pytest.mark.parametrize(("book", "rule"), RULES, ids=named)
def test_a_rule_has_a_source_and_refuses(book: str, rule: Rule) -> None:
    check_refuses(rule, BAD[book, rule.name])


def test_no_rule_is_without_a_case() -> None:
    assert {(book, rule.name) for book, rule in RULES} == BAD.keys()


@pytest.mark.parametrize(("book", "good"), GOOD, ids=named)
def test_a_good_request_is_taken(book: str, good: Asked) -> None:
    BOOKS[book].apply(good)


def test_shapes_know_the_sdks_fields() -> None:
    for field in ("input", "model", "reasoning", "stream", "tools", "store", "text"):
        assert field in responses_shapes.REQUEST.fields


@pytest.fixture(params=[True, False], ids=["genuine", "backend"])
def vendor(request: pytest.FixtureRequest) -> Iterator[ResponsesVendor]:
    simulated = ResponsesVendor(genuine=request.param, models=("gpt-5-sim",))
    with running(simulated):
        yield simulated


def client(vendor: ResponsesVendor, key: str = "test-key-1") -> openai.OpenAI:
    return openai.OpenAI(base_url=vendor.base_url, api_key=key, max_retries=0, timeout=5)


def ask(vendor: ResponsesVendor, words: Any = "hi", **more: Any) -> Any:
    """The streamed reply, which both manners give."""
    given = [{"role": "user", "content": words}] if isinstance(words, str) else words
    common: dict[str, Any] = {"model": "gpt-5-sim", "instructions": "", "store": False, "input": given}
    with client(vendor).responses.stream(**{**common, **more}) as stream:
        events = list(stream)
    numbers = [event.sequence_number for event in events]
    assert numbers == list(range(len(numbers)))
    return events


def test_it_echoes(vendor: ResponsesVendor) -> None:
    last = ask(vendor)[-1]
    assert last.type == "response.completed"
    assert [len(last.response.output), bool(last.response.usage)] == [1 if vendor.genuine else 0, True]


def test_it_says_all_that_a_model_may_say(vendor: ResponsesVendor) -> None:
    says = Reply(
        (Thinking("I think."), Text("It is fine."), ToolCall("get_weather", '{"city":"Paris"}'), acts.Declined("No.")),
        usage=Tokens(input=100, cached=30, output=40, reasoning=10),
    )
    vendor.script.then(says)
    events = ask(vendor, tools=[TOOL])
    done = [event.item for event in events if event.type == "response.output_item.done"]
    assert [item.type for item in done] == ["reasoning", "message", "function_call", "message"]
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == "It is fine."
    assert events[-1].response.usage.input_tokens_details.cached_tokens == 30


def test_calls_interleave(vendor: ResponsesVendor) -> None:
    vendor.script.then(
        acts.calls(("get_weather", {"city": "Paris"}), ("get_weather", {"city": "Rome"}), interleaved=True)
    )
    events = ask(vendor, tools=[TOOL])
    places = [event.output_index for event in events if event.type == "response.function_call_arguments.delta"]
    assert places[:3] == [0, 1, 0]


def test_limits_are_incomplete(vendor: ResponsesVendor) -> None:
    for stop, reason in ((Stop.LENGTH, "max_output_tokens"), (Stop.FILTER, "content_filter")):
        vendor.script.then(Reply((Text("a"),), stop=stop))
        last = ask(vendor)[-1]
        assert (last.type, last.response.incomplete_details.reason) == ("response.incomplete", reason)


def test_whole_replies_are_the_apis_alone() -> None:
    api, codex = ResponsesVendor(genuine=True), ResponsesVendor()
    with running(api, codex):
        assert client(api).responses.create(model="m", input="hi").output_text == "echo: hi"
        with pytest.raises(openai.BadRequestError) as refused:
            client(codex).responses.create(model="m", input=[], instructions="", store=False)
        assert refused.value.body == {"detail": "Stream must be set to true"}
        assert client(api).responses.input_tokens.count(model="m", input="a b").input_tokens == 2


def test_both_compact(vendor: ResponsesVendor) -> None:
    given: Any = [USER]
    extra = {} if vendor.genuine else {"instructions": ""}
    compacted = client(vendor).responses.compact(model="gpt-5-sim", input=given, **extra)  # type: ignore[arg-type]
    assert compacted.output[-1].type == "compaction"
    assert len(vendor.compactions) == 1


def test_a_failure_is_an_event_of_the_reply_or_an_error() -> None:
    failing, erring = ResponsesVendor(genuine=True), ResponsesVendor(genuine=True, fails_by="error")
    with running(failing, erring):
        for simulated in (failing, erring):
            simulated.script.then(acts.broken(acts.LONG, acts.How.ERROR, 2))
        with client(failing).responses.stream(model="m", input="hi") as stream:
            assert list(stream)[-1].type == "response.failed"
        with pytest.raises(openai.APIError, match="Overloaded"):
            ask(erring)


def test_unknown_keys_and_models_are_refused(vendor: ResponsesVendor) -> None:
    with pytest.raises(openai.AuthenticationError):
        client(vendor, "wrong").responses.create(model="gpt-5-sim", input="x")
    with pytest.raises(openai.BadRequestError) as refused:
        ask(vendor, model="gpt-9")
    assert "gpt-9" in str(refused.value.body)
