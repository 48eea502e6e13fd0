"""Who says whether a request may be sent: the SDK's own types, and the simulated vendor's rules."""

import importlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final, Required

import pytest
from anthropic.types.message_count_tokens_params import MessageCountTokensParams
from anthropic.types.message_create_params import MessageCreateParams
from google.genai import types as genai_types
from openai.types.chat.completion_create_params import CompletionCreateParams
from openai.types.responses.input_token_count_params import InputTokenCountParams
from openai.types.responses.response_create_params import ResponseCreateParams
from pydantic import ConfigDict, TypeAdapter
from typing_extensions import TypedDict

from translators.dialect import Operation, Target


class GeminiRequest(TypedDict, total=False):
    """The SDK has no type for the whole of it."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]  # pydantic's way for a TypedDict

    contents: Required[list[genai_types.Content]]
    systemInstruction: genai_types.Content
    tools: list[genai_types.Tool]
    toolConfig: genai_types.ToolConfig
    generationConfig: genai_types.GenerationConfig
    safetySettings: list[genai_types.SafetySetting]
    labels: dict[str, str]
    serviceTier: genai_types.ServiceTier


class CountedRequest(GeminiRequest):
    """It names the model, which otherwise stands in the path."""

    model: Required[str]


class GeminiCount(TypedDict):
    """The SDK has no type for this way either, which counts more than contents."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    generateContentRequest: CountedRequest


TARGETS: Final[Mapping[str, tuple[Target, ...]]] = {
    "anthropic": (Target("claude-sonnet-4-5", genuine=True), Target("claude-opus-4-6", stream=True, genuine=True)),
    "openai_chat": (
        Target("gpt-4.1", stream=True, genuine=True),
        Target("gpt-5.1", genuine=True),
        Target("deepseek-chat", stream=True),
        Target("kimi-k2", keeps_thinking=True),
    ),
    "openai_responses": (
        Target("gpt-4.1", stream=True, genuine=True),
        Target("gpt-5.1", genuine=True),
        Target("grok-4"),
    ),
    "gemini": (
        Target("gemini-2.5-flash", genuine=True),
        Target("gemini-3-pro-preview", stream=True, genuine=True),
        Target("gemini-2.5-pro", stream=True),
    ),
}
"""Upstreams that a request may meet: the vendor itself, old and new, and compatible ones."""

SDK_TYPES: Final[Mapping[str, Any]] = {
    "anthropic": MessageCreateParams,
    "openai_chat": CompletionCreateParams,
    "openai_responses": ResponseCreateParams,
    "gemini": GeminiRequest,
}
COUNT_TYPES: Final[Mapping[str, Any]] = {
    "anthropic": MessageCountTokensParams,
    "openai_responses": InputTokenCountParams,
    "gemini": GeminiCount,
}
COUNT_PATHS: Final[Mapping[str, str]] = {
    "anthropic": "/v1/messages/count_tokens",
    "openai_responses": "/v1/responses/input_tokens",
    "gemini": "/v1beta/models/{model}:countTokens",
}


def targets(dialect: str) -> tuple[Target, ...]:
    """For a dialect without any here: some model of nobody's."""
    return TARGETS.get(dialect, (Target("some-model"), Target("some-model", stream=True)))


def check_accepted(dialect: str, target: Target, body: bytes) -> None:
    """Raises where the SDK's types or the vendor's rules do not allow the body."""
    value = json.loads(body)
    if target.genuine and dialect in SDK_TYPES:
        _read(_adapter(dialect, target.operation).validate_python(_with_ids(value)))
    judge = _vendor(dialect, target)
    if judge is not None:
        judge(body)


@cache
def _adapter(dialect: str, operation: Operation) -> TypeAdapter[Any]:
    return TypeAdapter((COUNT_TYPES if operation is Operation.COUNT_TOKENS else SDK_TYPES)[dialect])


def _with_ids(body: dict[str, Any]) -> dict[str, Any]:
    """The SDK wants an id of reasoning, which the vendor takes without: it has none of another's making."""
    given = body.get("input")
    if not isinstance(given, list):
        return body
    return {**body, "input": [{"id": "rs_1", **one} if one.get("type") == "reasoning" else one for one in given]}


def _read(value: Any) -> None:
    """pydantic looks into an Iterable only when it is read."""
    if isinstance(value, dict):
        value = value.values()
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for one in value:
            _read(one)


RULE_BOOKS: Final[Mapping[tuple[str, bool], tuple[str, str]]] = {
    ("anthropic", True): ("tests.vendors.anthropic_rules", "RULES"),
    ("gemini", True): ("tests.vendors.gemini_rules", "RULES"),
    ("gemini", False): ("tests.vendors.gemini_rules", "RULES"),
    ("openai_chat", True): ("tests.vendors.openai_chat_rules", "GENUINE"),
    ("openai_chat", False): ("tests.vendors.openai_chat_rules", "COMPATIBLE"),
    ("openai_responses", True): ("tests.vendors.responses_rules", "GENUINE"),
    ("openai_responses", False): ("tests.vendors.responses_rules", "COMPATIBLE"),
}


def _vendor(dialect: str, target: Target) -> Callable[[bytes], None] | None:
    """The simulated vendor's refusals, None where there is no such vendor."""
    place = RULE_BOOKS.get((dialect, target.genuine))
    if place is None:
        return None
    rules = pytest.importorskip("tests.vendors.rules", reason="the simulated vendors are not there")
    server = importlib.import_module("tests.vendors.server")
    book = getattr(importlib.import_module(place[0]), place[1])
    headers = {"content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": "test-key-1"}

    def judge(body: bytes) -> None:
        path = "/v1beta/models/{model}:generateContent"  # Others don't look at it.
        if target.operation is Operation.COUNT_TOKENS:
            path = COUNT_PATHS[dialect]
        path = path.replace("{model}", target.model)
        request = server.Request("POST", path, {}, headers, body, 0, 0.0)
        book.apply(rules.Asked(request, json.loads(body)))

    return judge
