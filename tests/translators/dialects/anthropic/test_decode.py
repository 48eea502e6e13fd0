"""What Anthropic's clients ask for becomes a conversation."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.recordings import CLIENTS
from tests.translators.dialects.anthropic.material import recorded
from translators.conversation import (
    CacheMark,
    ChoiceMode,
    Conversation,
    File,
    Image,
    Loss,
    Message,
    Role,
    Text,
    Thinking,
    ThinkingMode,
    ThinkingWish,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from translators.dialect import Peek
from translators.dialects.anthropic import DIALECT
from translators.errors import BadRequest

SAY_HI: dict[str, Any] = {"role": "user", "content": "hi"}
CACHE = {"type": "ephemeral", "ttl": "1h"}


def decoded(**fields: Any) -> Conversation:
    return DIALECT.decode_request(json.dumps({"model": "m", "messages": [SAY_HI], **fields}).encode())


def parts_of(*blocks: dict[str, Any]) -> tuple[Any, ...]:
    return decoded(messages=[{"role": "user", "content": blocks}]).messages[0].parts


@pytest.mark.parametrize("path", recorded("*.request.json"))
def test_recorded_requests_decode(path: Path) -> None:
    assert DIALECT.decode_request(path.read_bytes()).messages


@pytest.mark.skipif(not CLIENTS.exists(), reason="no recorded clients")
def test_the_tools_of_real_clients_are_all_there() -> None:
    lists = [json.loads(path.read_text()) for path in CLIENTS.glob("tools/claude*.json")]
    for tools in (tools for found in lists for tools in found):
        assert [tool.name for tool in decoded(tools=tools).tools] == [tool["name"] for tool in tools]


def test_the_limits_and_switches_are_read() -> None:
    asked = decoded(
        max_tokens=5, temperature=0.5, top_p=0.9, top_k=3, stop_sequences=["x"], stream=True, metadata={"user_id": "u"}
    )
    assert (asked.max_tokens, asked.temperature, asked.top_p, asked.top_k, asked.stop) == (5, 0.5, 0.9, 3, ("x",))
    assert (asked.stream, asked.include_usage, asked.user) == (True, True, "u")


def test_system_text_leads_and_the_billing_line_is_lost() -> None:
    billing = {"type": "text", "text": "x-anthropic-billing-header: cc_version=2; cch=1;"}
    asked = decoded(system=[billing, {"type": "text", "text": "Be.", "cache_control": CACHE}])
    assert asked.system == (Text("Be.", CacheMark("1h")),)
    assert asked.losses == (Loss("$.system[0]", "a note for Anthropic's billing"),)
    assert decoded(system="Be.").system == (Text("Be."),)


def test_a_system_message_in_the_middle_stays_there() -> None:
    asked = decoded(messages=[SAY_HI, {"role": "system", "content": [{"type": "text", "text": "now"}]}])
    assert asked.messages[1] == Message(Role.SYSTEM, (Text("now"),))


def test_calls_thoughts_and_results() -> None:
    said = [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "redacted_thinking", "data": "b3Bh"},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"a": [1, {}]}, "cache_control": CACHE},
    ]
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
    results = [
        {
            "type": "tool_result",
            "tool_use_id": "t",
            "content": [{"type": "text", "text": "ok"}, image],
            "is_error": True,
        },
        {"type": "tool_result", "tool_use_id": "u", "content": "plain", "cache_control": {"type": "ephemeral"}},
        {"type": "tool_result", "tool_use_id": "v"},
    ]
    asked = decoded(messages=[{"role": "assistant", "content": said}, {"role": "user", "content": results}])
    assert asked.messages[0].parts == (
        Thinking("hm", "c2ln", "anthropic"),
        Thinking("hm"),
        Thinking("", "b3Bh", "anthropic", redacted=True),
        ToolCall("t", "f", '{"a": [1, {}]}', CacheMark("1h")),
    )
    assert asked.messages[1].parts == (
        ToolResult("t", (Text("ok"), Image("image/png", "aGk=")), failed=True),
        ToolResult("u", (Text("plain"),), cache=CacheMark()),
        ToolResult("v", ()),
    )


def test_images_and_documents() -> None:
    def document(source: dict[str, Any]) -> dict[str, Any]:
        return {"type": "document", "source": source, "title": "T", "context": "C"}

    assert parts_of(
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        document({"type": "base64", "media_type": "application/pdf", "data": "cGRm"}),
        document({"type": "text", "media_type": "text/plain", "data": "words"}),
        document({"type": "url", "url": "https://x/y.pdf"}),
        document({"type": "file", "file_id": "file_2"}),
        document({"type": "content", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}),
        {"type": "search_result", "source": "https://s", "title": "S", "content": [{"type": "text", "text": "found"}]},
    ) == (
        Image(url="https://x/y.png"),
        File("image/*", file_id="file_1"),
        File("application/pdf", data="cGRm", name="T", context="C"),
        File("text/plain", text="words", name="T", context="C"),
        File("application/pdf", url="https://x/y.pdf", name="T", context="C"),
        File(file_id="file_2", name="T", context="C"),
        File("text/plain", text="a\nb", name="T", context="C"),
        File("text/plain", text="found", name="S", context="https://s"),
    )


def test_a_search_for_tools_says_what_it_found() -> None:
    found = [{"type": "tool_reference", "tool_name": name} for name in ("f", "g")]
    asked = decoded(
        messages=[{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": found}]}]
    )
    assert asked.messages[0].parts == (ToolResult("t", (Text("Tool found: f"), Text("Tool found: g"))),)
    assert [loss.path for loss in asked.losses] == [f"$.messages[0].content[0].content[{at}]" for at in (0, 1)]


def test_what_only_anthropic_runs_is_lost_by_its_place() -> None:
    unknown = {"type": "nobody_knows"}
    asked = decoded(
        messages=[
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [unknown]}]},
            {
                "role": "assistant",
                "content": [{"type": "server_tool_use", "id": "s", "name": "tool_search_tool_bm25", "input": {}}],
            },
        ],
        tools=[
            {"type": "memory_20250818", "name": "memory"},
            {"name": "f", "input_schema": {"type": "object"}},
        ],
        tool_choice={"type": "tool", "name": "memory"},
    )
    assert [loss.path for loss in asked.losses] == [
        "$.messages[0].content[0].content[0]",
        "$.messages[1].content[0]",
        "$.tools[0]",
        "$.tool_choice",
    ]
    assert [tool.name for tool in asked.tools] == ["f"]
    assert asked.tool_choice is None


@pytest.mark.parametrize(
    ("choice", "expected", "parallel"),
    [
        ({"type": "auto"}, ToolChoice(ChoiceMode.AUTO), None),
        ({"type": "any", "disable_parallel_tool_use": True}, ToolChoice(ChoiceMode.ANY), False),
        ({"type": "tool", "name": "f", "disable_parallel_tool_use": False}, ToolChoice(ChoiceMode.ONE, "f"), True),
        ({"type": "none"}, ToolChoice(ChoiceMode.NONE), None),
    ],
)
def test_tool_choice(choice: dict[str, Any], expected: ToolChoice, parallel: bool | None) -> None:
    asked = decoded(tools=[{"name": "f"}], tool_choice=choice)
    assert (asked.tool_choice, asked.parallel_tool_calls) == (expected, parallel)


@pytest.mark.parametrize(
    ("fields", "wish"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, ThinkingWish(ThinkingMode.ON, None, 2000)),
        ({"thinking": {"type": "disabled"}}, ThinkingWish(ThinkingMode.OFF)),
        (
            {"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "high"}},
            ThinkingWish(ThinkingMode.AUTO, "high", visible=False),
        ),
        ({"output_config": {"effort": "low"}}, ThinkingWish(ThinkingMode.AUTO, "low")),
        ({"thinking": {"type": "of_next_year"}}, None),
        ({"output_config": {}}, None),
    ],
)
def test_thinking(fields: dict[str, Any], wish: ThinkingWish | None) -> None:
    assert decoded(**fields).thinking == wish


@pytest.mark.parametrize("place", ["output_config", "output_format"])
def test_structured_output_is_read_in_both_places(place: str) -> None:
    form = {"type": "json_schema", "schema": {"type": "object"}}
    asked = decoded(**{place: {"format": form} if place == "output_config" else form})
    assert asked.output_format is not None
    assert asked.output_format.schema is not None
    assert json.loads(bytes(asked.output_format.schema)) == {"type": "object"}


def test_other_known_fields_are_extras_and_null_is_absent() -> None:
    asked = decoded(context_management={"edits": []}, container=None, betas=["x"], not_known=1)
    assert {key: bytes(value) for key, value in asked.extras.items()} == {
        "context_management": b'{"edits": []}',
        "betas": b'["x"]',
    }


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"model": 3}, "$.model"),
        ({"messages": "hi"}, "$.messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "$.messages[0].role"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "$.messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "$.messages[0].content[0].type"),
        ({"tools": [{"input_schema": {}}]}, "$.tools[0].name"),
        ({"tools": [{"name": "f", "input_schema": []}]}, "$.tools[0].input_schema"),
        ({"tool_choice": {"type": "tool"}}, "$.tool_choice.name"),
        (
            {
                "messages": [
                    {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": 3}]}
                ]
            },
            "$.messages[0].content[0].input",
        ),
    ],
)
def test_a_fault_names_its_place(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequest) as fault:
        decoded(**fields)
    assert fault.value.path == path


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"model":"\\ud800","messages":[]}', b"[" * 100000])
def test_what_is_no_request_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        DIALECT.decode_request(body)
    with pytest.raises(BadRequest):
        DIALECT.peek(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
BLOCK = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image", "document", "tool_use", "tool_result", "thinking", "what"]) | JSON},
    optional={
        key: JSON | st.just({"type": "url", "url": "u"}) | st.just([{"type": "text", "text": "x"}])
        for key in ("text", "source", "content", "input", "id", "name", "tool_use_id", "thinking", "cache_control")
    },
)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system"]), "content": st.lists(BLOCK) | JSON}
)
FIELDS = (
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "max_tokens",
    "stop_sequences",
    "metadata",
    "stream",
)


@settings(max_examples=300, deadline=None)
@given(st.lists(MESSAGE, max_size=3) | JSON, st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3))
def test_whatever_is_asked_the_only_complaint_is_a_bad_request(messages: Any, fields: dict[str, Any]) -> None:
    with suppress(BadRequest):
        decoded(messages=messages, **fields)


def test_peek_reads_model_and_stream() -> None:
    assert DIALECT.peek(b'{"messages":[],"model":"m","stream":true}') == Peek("m", stream=True)
    assert DIALECT.peek(b'{"model":"m","stream":null}') == Peek("m")
