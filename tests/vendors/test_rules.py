"""Every refusal of a simulated vendor is written down somewhere, and is made."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import typing_extensions

from tests.vendors import anthropic_rules, anthropic_shapes, openai_chat_rules, openai_chat_shapes
from tests.vendors.anthropic_signature import sign
from tests.vendors.refusing import check_refuses
from tests.vendors.rules import Asked, Refusal, Rule, RuleBook
from tests.vendors.server import Request
from tests.vendors.shape import Misshapen, Shape, anything

BOOKS = {
    "anthropic": anthropic_rules.RULES,
    "openai": openai_chat_rules.GENUINE,
    "compatible": openai_chat_rules.COMPATIBLE,
}
RULES = [(book, rule) for book, rules in BOOKS.items() for rule in rules]
SHAPES = [
    shape
    for module in (anthropic_shapes, openai_chat_shapes)
    for shape in vars(module).values()
    if isinstance(shape, Shape)
]

type Change = Callable[[dict[str, Any]], None]

USER = {"role": "user", "content": "hi"}
TOOL = {"name": "f", "input_schema": {"type": "object"}}
CHAT_TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
CHOSEN = {"type": "function", "function": {"name": "g"}}
USE = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1"}
CALL = {"type": "function", "id": "c1", "function": {"name": "f", "arguments": "{}"}}
ANSWER = {"role": "tool", "tool_call_id": "c1", "content": "ok"}
THINK = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}
MARK = {"cache_control": {"type": "ephemeral"}}


def asked(body: dict[str, Any], path: str, headers: dict[str, str] | None = None) -> Asked:
    sent = {"content-type": "application/json", "anthropic-version": "2023-06-01"} if headers is None else headers
    return Asked(Request("POST", path, {}, sent, json.dumps(body).encode(), 0, 0.0), body)


def claude(**body: Any) -> Asked:
    return asked({"model": "m", "max_tokens": 100, "messages": [USER], **body}, "/v1/messages")


def chat(model: str = "gpt-4o", **body: Any) -> Asked:
    return asked({"model": model, "messages": [USER], **body}, "/v1/chat/completions")


def said(role: str, *blocks: Any) -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}


def words(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def chat_tool(**function: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "f", **function}}


def image(**source: Any) -> dict[str, Any]:
    return {"type": "image", "source": source}


def chat_image(url: str) -> Any:
    return [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]


def strict(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": True, **more}}


NO_HEADERS = asked({"model": "m", "max_tokens": 1, "messages": [USER]}, "/v1/messages", {})
BAD: dict[tuple[str, str], list[Asked]] = {
    ("anthropic", "version_header_is_required"): [NO_HEADERS],
    ("anthropic", "body_is_json"): [NO_HEADERS],
    ("anthropic", "shape_is_known"): [
        claude(unknown=1),
        claude(context_management={}),
        claude(messages=[{**USER, "name": "x"}]),
        claude(messages=[said("user", {**words("x"), "id": 1})]),
        claude(messages=[said("user", USE)]),
        claude(messages=[said("user", image(type="base64", media_type="image/bmp", data=""))]),
        claude(max_tokens="9"),
        claude(tools=[{**TOOL, "parameters": {}}]),
        claude(messages=[USER, {"role": "tool", "content": "x"}]),
        asked({"model": "m", "messages": [USER]}, "/v1/messages"),
    ],
    ("anthropic", "there_is_a_message"): [claude(messages=[])],
    ("anthropic", "first_turn_is_the_users"): [claude(messages=[said("assistant", words("x"))])],
    ("anthropic", "max_tokens_is_not_negative"): [claude(max_tokens=-1)],
    ("anthropic", "temperature_is_between_0_and_1"): [claude(temperature=1.2), claude(temperature=-0.1)],
    ("anthropic", "newer_models_sample_one_way"): [claude(model="claude-sonnet-4-5", temperature=0.5, top_p=0.5)],
    ("anthropic", "stop_sequences_are_not_blank"): [claude(stop_sequences=["a", " \n"])],
    ("anthropic", "text_is_not_blank"): [
        claude(messages=[said("user", words(""))]),
        claude(messages=[said("user", words("\n "))]),
        claude(system=[words("")]),
        claude(
            tools=[TOOL],
            messages=[USER, said("assistant", USE), said("user", {**RESULT, "content": [words("")]})],
        ),
    ],
    ("anthropic", "content_is_not_empty"): [claude(messages=[{"role": "user", "content": ""}, USER])],
    ("anthropic", "prefill_does_not_end_in_whitespace"): [claude(messages=[USER, said("assistant", words("so "))])],
    ("anthropic", "prefill_is_supported_by_the_model"): [
        claude(model="claude-opus-4-6", messages=[USER, said("assistant", words("so"))])
    ],
    ("anthropic", "call_ids_are_plain"): [claude(messages=[USER, said("assistant", {**USE, "id": "call:1"})])],
    ("anthropic", "searches_are_its_own"): [
        claude(messages=[USER, said("assistant", {**USE, "type": "server_tool_use"}), USER]),
        claude(
            messages=[
                USER,
                said(
                    "assistant",
                    {
                        "type": "web_search_tool_result",
                        "tool_use_id": "srvtoolu_1",
                        "content": [{"encrypted_content": ""}],
                    },
                ),
                USER,
            ]
        ),
        claude(
            messages=[
                USER,
                said("assistant", {"type": "text", "text": "a", "citations": [{"encrypted_index": ""}]}),
                USER,
            ]
        ),
    ],
    ("anthropic", "tool_names_are_plain"): [
        claude(tools=[{**TOOL, "name": "a.b"}]),
        claude(tools=[{**TOOL, "name": "x" * 129}]),
        claude(messages=[USER, said("assistant", {**USE, "name": "a b"})]),
    ],
    ("anthropic", "tool_names_are_unique"): [claude(tools=[TOOL, TOOL])],
    ("anthropic", "input_schemas_are_objects"): [
        claude(tools=[{**TOOL, "input_schema": {}}]),
        claude(tools=[{**TOOL, "input_schema": {"type": "string"}}]),
        claude(tools=[{**TOOL, "input_schema": {"type": "object", "anyOf": []}}]),
    ],
    ("anthropic", "tool_choice_needs_tools"): [
        claude(tool_choice={"type": "auto"}),
        claude(tools=[TOOL], tool_choice={"type": "tool", "name": "g"}),
    ],
    ("anthropic", "results_follow_their_calls"): [
        claude(messages=[USER, said("assistant", USE), USER]),
        claude(messages=[USER, said("assistant", USE)]),
        claude(messages=[said("user", RESULT)]),
        claude(messages=[USER, said("assistant", USE), said("user", RESULT), USER, said("assistant", USE), USER]),
    ],
    ("anthropic", "results_come_first"): [
        claude(messages=[USER, said("assistant", USE), said("user", words("well:"), RESULT)])
    ],
    ("anthropic", "calls_and_results_are_unique"): [
        claude(messages=[USER, said("assistant", USE, USE), said("user", RESULT)]),
        claude(messages=[USER, said("assistant", USE), said("user", RESULT, RESULT)]),
    ],
    ("anthropic", "thinking_budget_fits"): [
        claude(thinking={"type": "enabled", "budget_tokens": 1023}, max_tokens=2000),
        claude(thinking={"type": "enabled", "budget_tokens": 2000}, max_tokens=2000),
    ],
    ("anthropic", "thinking_kind_fits_the_model"): [
        claude(**THINK, model="claude-opus-4-7"),
        claude(**THINK, model="claude-sonnet-5"),
        claude(model="claude-sonnet-4-5-20250929", thinking={"type": "adaptive"}),
        claude(model="claude-3-7-sonnet-20250219", thinking={"type": "adaptive"}),
    ],
    ("anthropic", "thinking_leaves_sampling_alone"): [
        claude(**THINK, temperature=0.5),
        claude(**THINK, top_k=5),
        claude(**THINK, top_p=0.5),
    ],
    ("anthropic", "thinking_does_not_force_tools"): [claude(**THINK, tools=[TOOL], tool_choice={"type": "any"})],
    ("anthropic", "thinking_turn_starts_with_its_thoughts"): [
        claude(**THINK, messages=[USER, said("assistant", USE), said("user", RESULT)]),
        claude(**THINK, messages=[USER, said("assistant", words("so"))]),
    ],
    ("anthropic", "signatures_are_ours"): [
        claude(messages=[USER, said("assistant", {"type": "thinking", "thinking": "a", "signature": "b"}), USER]),
        claude(messages=[USER, said("assistant", {"type": "thinking", "thinking": "a", "signature": sign("b")}), USER]),
        claude(messages=[USER, said("assistant", {"type": "redacted_thinking", "data": "x"}), USER]),
    ],
    ("anthropic", "cache_scope_needs_its_beta"): [
        claude(system=[{**words("x"), "cache_control": {"type": "ephemeral", "scope": "global"}}])
    ],
    ("anthropic", "cache_marks_are_few"): [claude(messages=[said("user", *[{**words("x"), **MARK}] * 5)])],
    ("anthropic", "images_can_be_read"): [
        claude(messages=[said("user", image(type="base64", media_type="image/png", data="not base64!"))]),
        claude(messages=[said("user", image(type="url", url="http://example.org/a.png"))]),
    ],
    ("anthropic", "output_schema_is_closed"): [
        claude(output_config={"format": {"type": "json_schema", "schema": {"type": "object"}}})
    ],
    ("anthropic", "input_schemas_are_sound"): [
        claude(tools=[{**TOOL, "input_schema": {"type": "object", "properties": None}}]),
        claude(tools=[{**TOOL, "input_schema": {"type": "object", "properties": {"a": {"required": None}}}}]),
    ],
    ("openai", "shape_is_known"): [
        chat(top_k=1),
        chat(messages=[{**USER, "cache_control": {}}]),
        chat(messages=[{"role": "tool", "tool_call_id": "c", "content": [{"type": "image_url"}]}]),
        chat(tools=[{"type": "function", "name": "f"}]),
        chat(tools=[CHAT_TOOL], tool_choice="any"),
        chat(temperature="hot"),
    ],
    ("openai", "there_is_a_message"): [chat(messages=[])],
    ("compatible", "there_is_a_message"): [chat(messages=[])],
    ("openai", "reasoning_models_want_max_completion_tokens"): [chat("gpt-5-mini", max_tokens=5)],
    ("openai", "reasoning_models_have_no_sampling"): [chat("o3", temperature=0.2), chat("gpt-5", top_p=0.5)],
    ("openai", "reasoning_models_have_no_stop"): [chat("o3", stop=["x"])],
    ("openai", "other_models_have_no_effort"): [chat(reasoning_effort="low")],
    ("openai", "temperature_is_between_0_and_2"): [chat(temperature=2.5), chat(temperature=-1)],
    ("openai", "one_limit_is_set"): [chat(max_tokens=5, max_completion_tokens=5)],
    ("openai", "top_logprobs_need_logprobs"): [chat(top_logprobs=2), chat(top_logprobs=2, logprobs=False)],
    ("compatible", "top_logprobs_need_logprobs"): [chat(top_logprobs=2)],
    ("openai", "chosen_tools_are_there"): [chat(tools=[CHAT_TOOL], tool_choice=CHOSEN)],
    ("compatible", "chosen_tools_are_there"): [chat(tools=[CHAT_TOOL], tool_choice=CHOSEN)],
    ("openai", "stops_are_few"): [chat(stop=list("abcde"))],
    ("openai", "stream_options_need_a_stream"): [chat(stream_options={"include_usage": True})],
    ("openai", "tools_are_neither_none_nor_many"): [chat(tools=[]), chat(tools=[CHAT_TOOL] * 129)],
    ("openai", "tool_settings_need_tools"): [chat(tool_choice="auto"), chat(parallel_tool_calls=False)],
    ("openai", "tool_names_are_plain"): [chat(tools=[chat_tool(name="a.b")]), chat(tools=[chat_tool(name="x" * 65)])],
    ("compatible", "tool_names_are_plain"): [chat(tools=[chat_tool(name="a.b")])],
    ("openai", "call_ids_are_short"): [
        chat(messages=[USER, {"role": "assistant", "tool_calls": [{**CALL, "id": "x" * 41}]}])
    ],
    ("openai", "assistant_says_something"): [chat(messages=[USER, {"role": "assistant", "content": None}])],
    ("openai", "calls_are_answered"): [
        chat(messages=[USER, {"role": "assistant", "tool_calls": [CALL]}, USER]),
        chat(messages=[USER, {"role": "assistant", "tool_calls": [CALL]}]),
        chat(messages=[USER, ANSWER]),
        chat(messages=[USER, {"role": "assistant", "tool_calls": [CALL]}, USER, ANSWER]),
    ],
    ("compatible", "calls_are_answered"): [chat(messages=[USER, {"role": "assistant", "tool_calls": [CALL]}, USER])],
    ("openai", "call_lists_are_not_empty"): [
        chat(messages=[USER, {"role": "assistant", "content": "x", "tool_calls": []}])
    ],
    ("openai", "parameters_are_objects"): [
        chat(tools=[chat_tool(parameters={"type": "object"})]),
        chat(tools=[chat_tool(parameters={"type": "string"})]),
        chat(tools=[chat_tool(parameters={"type": "object", "properties": None})]),
        chat(tools=[chat_tool(parameters={"type": "object", "properties": {}, "required": None})]),
        chat(tools=[chat_tool(parameters={"type": "object", "properties": {"a": {"type": "array"}}})]),
        chat(tools=[chat_tool(strict=True, parameters={"type": "object", "properties": {}})]),
    ],
    ("openai", "response_schema_is_strict"): [
        chat(response_format=strict({"type": "object", "properties": {}})),
        chat(
            response_format=strict(
                {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
            )
        ),
        chat(response_format=strict({"type": "object", "allOf": [], "additionalProperties": False})),
        chat(response_format=strict({"type": "object"}, name="a b")),
        chat(response_format={"type": "json_schema", "json_schema": {"name": "n"}}),
    ],
    ("openai", "json_mode_is_announced"): [chat(response_format={"type": "json_object"})],
    ("openai", "images_can_be_read"): [chat(messages=chat_image("data:image/bmp;base64,AA=="))],
    ("compatible", "images_can_be_read"): [chat(messages=chat_image("file:///etc/passwd"))],
    ("compatible", "model_and_messages_are_there"): [
        asked({"messages": [USER]}, "/v1/chat/completions"),
        asked({"model": "m"}, "/v1/chat/completions"),
    ],
    ("compatible", "compatibles_know_no_developer"): [chat(messages=[{"role": "developer", "content": "x"}])],
}

GOOD: dict[str, list[Asked]] = {
    "anthropic": [
        claude(),
        claude(
            system=[{**words("be kind"), **MARK}],
            tools=[{**TOOL, **MARK}, {"type": "web_search_20250305", "name": "web_search"}],
            tool_choice={"type": "auto", "disable_parallel_tool_use": True},
            messages=[
                USER,
                said("assistant", USE, {**USE, "id": "t2"}),
                said("user", {**RESULT, "tool_use_id": "t2"}),
                said("user", {**RESULT, "content": "ok", "is_error": True}, words("and now?")),
            ],
            temperature=1,
            metadata={"user_id": "u"},
        ),
        claude(
            **THINK,
            tools=[TOOL],
            messages=[
                USER,
                said("assistant", {"type": "thinking", "thinking": "hm", "signature": sign("hm")}, USE),
                said("user", RESULT),
            ],
        ),
        claude(messages=[USER, said("assistant", words("The answer is"))], max_tokens=0),
        claude(**THINK, model="claude-opus-4-6"),
        claude(model="claude-opus-4-20250514", **THINK),
        claude(model="claude-opus-4-6", thinking={"type": "adaptive"}, output_config={"effort": "low"}),
    ],
    "openai": [
        chat(),
        chat(
            "gpt-5",
            max_completion_tokens=9,
            reasoning_effort="high",
            messages=[{"role": "developer", "content": "x"}, USER],
        ),
        chat(
            tools=[CHAT_TOOL],
            tool_choice={"type": "function", "function": {"name": "f"}},
            messages=[USER, {"role": "assistant", "content": None, "tool_calls": [CALL]}, ANSWER],
            stream=True,
            stream_options={"include_usage": True},
            max_tokens=5,
            temperature=2,
        ),
        chat(
            response_format=strict(
                {
                    "type": "object",
                    "properties": {"a": {"type": "array", "items": {"type": "string"}}},
                    "required": ["a"],
                    "additionalProperties": False,
                }
            )
        ),
    ],
    "compatible": [
        chat(top_k=5, messages=[{"role": "system", "content": "x"}, {**USER, "anything": 1}]),
        chat(messages=[USER, {"role": "assistant", "reasoning_content": "hm", "tool_calls": [CALL]}, ANSWER]),
    ],
}


def named(parameter: object) -> str:
    return parameter.name if isinstance(parameter, Rule) else str(parameter)


@pytest.mark.parametrize(("book", "rule"), RULES, ids=named)
def test_a_rule_has_a_source_and_refuses(book: str, rule: Rule) -> None:
    check_refuses(rule, BAD[book, rule.name])


def test_no_rule_is_without_a_case() -> None:
    assert {(book, rule.name) for book, rule in RULES} == BAD.keys()


@pytest.mark.parametrize(
    ("book", "good"), [(book, good) for book, cases in GOOD.items() for good in cases], ids=lambda value: str(value)[:9]
)
def test_a_good_request_is_taken(book: str, good: Asked) -> None:
    BOOKS[book].apply(good)


def test_rules_come_in_the_order_of_the_book() -> None:
    book = RuleBook()
    seen: list[str] = []

    @book.rule("a page of documentation")
    def first(asked: Asked) -> None:
        seen.append("first")

    @book.rule("a page of documentation")
    def second(asked: Asked) -> None:
        seen.append("second")
        raise Refusal("no")

    with pytest.raises(Refusal, match="no"):
        book.apply(chat())
    assert seen == ["first", "second"]


NOT_IN_BODIES = {"user_profile_id", "workspace_id", "betas", "stream", "temperature", "top_k", "top_p"}
"""Sent as headers; or declared apart from the base class; or, the last three, no longer in the SDK's types, which the
API still takes for older models."""

LATER_BETAS = {"billing_policy", "compaction", "fallback_credit_token", "fallbacks", "thread", "output_format"}
"""Betas that no recorded client uses, and the older name of output_config.format."""

RECORDED_BETAS = {"scope"}
"""What recorded clients send with a beta, and the SDK's types do not know."""

REQUIRED = re.compile(r"typing(_extensions)?\.Required\[")


def sdk_type(source: str) -> Any:
    module, _, name = source.rpartition(".")
    return getattr(__import__(module, fromlist=[name]), name)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.source.rpartition(".")[2])
def test_a_shape_is_the_sdks(shape: Shape) -> None:
    declared = sdk_type(shape.source)
    hints = typing_extensions.get_type_hints(declared, include_extras=True)
    assert (
        shape.fields.keys() - NOT_IN_BODIES - LATER_BETAS - RECORDED_BETAS == hints.keys() - NOT_IN_BODIES - LATER_BETAS
    )
    required = {name for name, hint in hints.items() if REQUIRED.match(str(hint))}
    assert shape.required.keys() == required - NOT_IN_BODIES


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.source.rpartition(".")[2])
def test_null_is_taken_where_the_sdk_says_so(shape: Shape) -> None:
    hints = typing_extensions.get_type_hints(sdk_type(shape.source), include_extras=True)
    for name, check in shape.fields.items():
        if name in hints and name not in NOT_IN_BODIES and check is not anything:
            assert takes_null(check) is allows_null(hints[name]), name


def allows_null(hint: Any) -> bool:
    inner = list(flattened(hint))
    return type(None) in inner or object in inner


def flattened(hint: Any) -> Iterator[Any]:
    if str(hint).startswith(("typing.Required", "typing_extensions.Required", "typing.Union", "typing.Optional")):
        for inner in typing_extensions.get_args(hint):
            yield from flattened(inner)
    else:
        yield hint


def takes_null(check: Any) -> bool:
    try:
        check(None, ())
    except Misshapen:
        return False
    return True
