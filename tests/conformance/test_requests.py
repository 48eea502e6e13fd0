"""Every recorded request becomes one that the other vendor takes; what is lost on the way is named."""

import json
import re
from collections import defaultdict
from typing import Any

import pytest

from tests.conformance.judges import check_accepted, targets
from tests.conformance.material import (
    DIALECTS,
    MESSAGES,
    REQUEST_PAIRS,
    asked,
    client_tools,
    name_of,
)
from translators import Peek, TranslatedRequest, translate_request
from translators.audit import audit
from translators.conversation import ToolCall
from translators.dialect import Target
from translators.registry import dialect


def of_each_pair() -> list[Any]:
    return [
        pytest.param(source, other, *case.values, id=f"{case.id}-{other}")
        for source, other in REQUEST_PAIRS
        for case in asked(source)
    ]


def of_each_dialect() -> list[Any]:
    return [pytest.param(source, *case.values, id=case.id) for source in DIALECTS for case in asked(source)]


def translated(source: str, other: str, body: bytes) -> list[TranslatedRequest]:
    found = []
    for target in targets(other):
        request = translate_request(body, source, other, target=target)
        check_accepted(other, target, request.body)
        found.append(request)
    return found


@pytest.mark.parametrize(("source", "other", "body"), of_each_pair())
def test_a_recorded_request_is_taken_by_the_other_vendor(source: str, other: str, body: bytes) -> None:
    for request in translated(source, other, body):
        assert all(loss.path.startswith("$") and loss.reason for loss in request.losses)
        assert dialect(other).model_in_path or json.loads(request.body)["model"] == request.model


def unreached(value: Any, path: str) -> int:
    """How many steps of a path lead nowhere."""
    steps = re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path)
    for taken, (name, index) in enumerate(steps):
        if isinstance(value, list | tuple) and index and int(index) < len(value):
            value = value[int(index)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        elif name and hasattr(value, name):
            value = getattr(value, name)
        else:
            return len(steps) - taken
    return 0


@pytest.mark.parametrize(("source", "other", "body"), of_each_pair())
def test_a_loss_names_a_place_of_the_clients_body_or_of_the_conversation(source: str, other: str, body: bytes) -> None:
    """But for its last word, which may be what a vendor calls it."""
    given, conversation = json.loads(body), dialect(source).decode_request(body)
    for request in translated(source, other, body):
        for path in (loss.path for loss in request.losses):
            neutral = path.replace(".content[", ".parts[")
            assert unreached(given, path) == 0 or unreached(conversation, neutral) <= (not path.endswith("]")), path


@pytest.mark.parametrize(("source", "other", "body"), of_each_pair())
def test_the_words_of_a_recorded_request_arrive(source: str, other: str, body: bytes) -> None:
    before = dialect(source).decode_request(body)
    for request in translated(source, other, body):
        after = dialect(other).decode_request(request.body)
        names = request.context.names
        assert [names.get(tool.name, tool.name) for tool in after.tools] == [tool.name for tool in before.tools]
        calls = [part for message in before.messages for part in message.parts if isinstance(part, ToolCall)]
        heard = [part for message in after.messages for part in message.parts if isinstance(part, ToolCall)]
        lost = {loss.path for loss in request.losses}
        assert len(heard) == len(calls) or any("messages" in path for path in lost)
        for call, there in zip(calls, heard, strict=False):
            assert names.get(there.name, there.name) == call.name
            assert json.loads(there.arguments) == json.loads(call.arguments)


@pytest.mark.parametrize(("source", "body"), of_each_dialect())
def test_a_request_to_its_own_dialect_keeps_its_bytes(source: str, body: bytes) -> None:
    in_path = dialect(source).model_in_path
    asked = Peek("the-model") if in_path else dialect(source).peek(body)
    ask_usage = dialect(source).ask_usage
    wish = ask_usage(body) if ask_usage is not None and asked.stream else {}
    sent = translate_request(body, source, source, asked=asked).body
    assert sent == body or (wish and json.loads(sent) == {**json.loads(body), **wish})
    renamed = translate_request(body, source, source, model="other", asked=asked)
    assert json.loads(renamed.body) == {**json.loads(body), **({} if in_path else {"model": "other"}), **wish}
    assert renamed.losses == ()


@pytest.mark.parametrize(("source", "body"), of_each_dialect())
def test_a_recorded_request_can_be_audited(source: str, body: bytes) -> None:
    if dialect(source).request_wire is None:
        pytest.skip("nothing of it is translated")
    strange = {**json.loads(body), "x_unknown": {"a": 1}}
    added = {"$.x_unknown"}
    key = MESSAGES.get(source, "")
    if isinstance(strange.get(key), list):
        strange[key] = [{**message, "x_deep": 1} for message in strange[key]]
        added |= {f"$.{key}[{index}].x_deep" for index in range(len(strange[key]))}
    found = {loss.path for loss in audit(json.dumps(strange).encode(), source)}
    assert found - {loss.path for loss in audit(body, source)} == added


HELLO: dict[str, dict[str, Any]] = defaultdict(
    lambda: {"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]},
    gemini={"contents": [{"role": "user", "parts": [{"text": "hello"}]}]},
    openai_responses={"model": "m", "input": [{"role": "user", "content": "hello"}]},
)


def tool_lists() -> list[Any]:
    return [
        pytest.param(source, other, tools, id=f"{name}-{other}")
        for source, other in REQUEST_PAIRS
        for name, tools in client_tools(source)
    ]


@pytest.mark.parametrize(("source", "other", "tools"), tool_lists())
def test_the_tools_of_real_clients_are_taken_with_every_schema(
    source: str, other: str, tools: list[dict[str, Any]]
) -> None:
    body = {**HELLO[source], "tools": tools}
    before = dialect(source).decode_request(json.dumps(body).encode())
    for request in translated(source, other, json.dumps(body).encode()):
        after = dialect(other).decode_request(request.body)
        names = request.context.names
        assert [names.get(tool.name, tool.name) for tool in after.tools] == [tool.name for tool in before.tools]
        for index, (tool, there) in enumerate(zip(before.tools, after.tools, strict=True)):
            if tool.freeform is not None:
                continue
            assert there.description == tool.description
            if not any(f"tools[{index}]" in loss.path for loss in request.losses):
                assert tool.schema is not None
                assert there.schema is not None
                assert json.loads(bytes(there.schema)) == json.loads(bytes(tool.schema))


SEVERAL: dict[str, dict[str, Any]] = {
    "openai_chat": {"model": "m", "messages": [{"role": "user", "content": "hi"}], "n": 3},
    "openai_completions": {"model": "m", "prompt": "hi", "n": 3},
    "gemini": {"contents": [{"parts": [{"text": "hi"}]}], "generationConfig": {"candidateCount": 3}},
}
"""Requests for three answers, by dialect."""

OF_SEVERAL = [pair for pair in REQUEST_PAIRS if pair[0] in SEVERAL]


@pytest.mark.parametrize(("client", "upstream"), OF_SEVERAL, ids=map(name_of, OF_SEVERAL))
def test_another_vendor_is_asked_for_one_answer_and_that_more_were_wanted_is_told(client: str, upstream: str) -> None:
    """No reply between two dialects holds a second one."""
    for target in targets(upstream):
        sent = translate_request(json.dumps(SEVERAL[client]).encode(), client, upstream, target=target)
        check_accepted(upstream, target, sent.body)
        assert b'"n":' not in sent.body
        assert b"candidateCount" not in sent.body
        assert [loss.path for loss in sent.losses] == ["$.n"]


@pytest.mark.parametrize("name", [name for name in SEVERAL if not dialect(name).client_only])
def test_a_vendor_is_asked_for_several_answers_by_clients_of_its_own(name: str) -> None:
    body = json.dumps(SEVERAL[name]).encode()
    sent = translate_request(body, name, name, target=Target("m", genuine=True), asked=Peek("m"))
    assert sent.body == body
