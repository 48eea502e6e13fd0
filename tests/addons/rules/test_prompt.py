"""Prompt rules: text put into what clients say, and taken out of it, once and never twice."""

import json
from typing import Any, Final

import pytest

from addons.rules.prompt import PromptRules
from addons.rules.ruleset import Rules
from addons.settings import parse
from translators.dialect import Operation

CLIENTS: Final = {
    "claude": "anthropic",
    "openai": "openai_chat",
    "openai-response": "openai_responses",
    "gemini": "gemini",
}
SAID: Final[dict[str, dict[str, Any]]] = {
    "anthropic": {"messages": [{"role": "user", "content": "hello"}]},
    "openai_chat": {"messages": [{"role": "user", "content": "hello"}]},
    "openai_responses": {"input": "hello"},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]},
}
STRIP: Final = {"name": "s", "enabled": True, "target": "system", "action": "strip"}
INJECT: Final = {"name": "i", "enabled": True, "target": "system", "action": "inject"}


def rules(*given: dict[str, Any]) -> PromptRules:
    loaded = parse(json.dumps({"prompt-rules": list(given)}))
    assert [note.path for note in loaded.notes] == ["host"]
    return PromptRules(loaded.settings.prompt_rules)


def after(body: Any, *given: dict[str, Any], client: str = "anthropic", asked: str = "m") -> Any:
    """The body under the rules; a second time changes nothing."""
    found = rules(*given)
    once = found.apply(json.dumps(body).encode(), asked=asked, client=client)
    if not any(rule["action"] == "strip" for rule in given):
        again = found.apply(once.body, asked=asked, client=client)
        assert (again.body, again.told) == (once.body, ())
    return json.loads(once.body)


def system(text: Any, client: str = "anthropic") -> dict[str, Any]:
    """A request with that system text."""
    said = SAID[client]
    match client:
        case "anthropic":
            return {"system": text, **said}
        case "openai_chat":
            return {"messages": [{"role": "system", "content": text}, *said["messages"]]}
        case "openai_responses":
            return {"instructions": text, **said}
        case _:
            return {"systemInstruction": {"parts": [{"text": text}] if isinstance(text, str) else text}, **said}


def user(text: Any, client: str) -> dict[str, Any]:
    """A request in which the user says that."""
    match client:
        case "openai_responses":
            return {"input": text} if isinstance(text, str) else {"input": [{"role": "user", "content": text}]}
        case "gemini":
            return {"contents": [{"role": "user", "parts": [{"text": text}] if isinstance(text, str) else text}]}
        case _:
            return {"messages": [{"role": "user", "content": text}]}


@pytest.mark.parametrize("client", sorted(set(CLIENTS.values()) - {"gemini"}))
@pytest.mark.parametrize(
    ("before", "rule", "expected"),
    [
        ("Be kind.", {"content": " Be <b> & brief."}, "Be kind. Be <b> & brief."),
        ("Be kind.", {"content": "First. ", "position": "prepend"}, "First. Be kind."),
        ("Be kind.", {"content": "kind"}, "Be kind."),
        ("Be A kind A.", {"content": "!", "marker": "A"}, "Be A! kind A."),
        ("Be A kind A.", {"content": "!", "marker": "A", "position": "prepend"}, "Be !A kind A."),
        ("Be A kind A!", {"content": "!", "marker": "A"}, "Be A kind A!"),
        ("aaab", {"content": "b", "marker": "aa"}, "aaab"),
        ("Be kind.", {"content": "!", "marker": "Z"}, "Be kind."),
    ],
)
def test_a_text_gets_the_content_once(client: str, before: str, rule: dict[str, Any], expected: str) -> None:
    assert after(system(before, client), {**INJECT, **rule}, client=client) == system(expected, client)
    assert after(user(before, client), {**INJECT, "target": "user", **rule}, client=client) == user(expected, client)


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("anthropic", {**SAID["anthropic"], "system": "new"}),
        ("openai_chat", {"messages": [{"role": "system", "content": "new"}, *SAID["openai_chat"]["messages"]]}),
        ("openai_responses", {**SAID["openai_responses"], "instructions": "new"}),
        ("gemini", {**SAID["gemini"], "systemInstruction": {"parts": [{"text": "new"}]}}),
    ],
)
def test_a_missing_system_text_is_made_unless_a_marker_is_looked_for(client: str, expected: Any) -> None:
    assert after(SAID[client], {**INJECT, "content": "new"}, client=client) == expected
    assert after(SAID[client], {**INJECT, "content": "new", "marker": "m"}, client=client) == SAID[client]


@pytest.mark.parametrize(
    ("client", "block"),
    [
        ("anthropic", {"type": "text", "text": "new"}),
        ("openai_chat", {"type": "text", "text": "new"}),
        ("gemini", {"text": "new"}),
    ],
)
@pytest.mark.parametrize("position", ["append", "prepend"])
def test_blocks_get_a_block_at_their_boundary(client: str, block: dict[str, Any], position: str) -> None:
    old = [{**block, "text": "one"}, {**block, "text": "two"}]
    new = [*old, block] if position == "append" else [block, *old]
    rule = {**INJECT, "content": "new", "position": position}
    assert after(system(old, client), rule, client=client) == system(new, client)
    assert after(user(old, client), {**rule, "target": "user"}, client=client) == user(new, client)
    beside = {**INJECT, "content": "!", "marker": "two"}
    changed = [old[0], {**block, "text": "two!"}]
    assert after(system(old, client), beside, client=client) == system(changed, client)


def test_a_users_blocks_of_responses_are_input_text() -> None:
    old = {"type": "input_text", "text": "one"}
    image = {"type": "input_image", "image_url": "data:,"}
    rule = {**INJECT, "target": "user", "content": "new"}
    given = {"input": [{"type": "message", "role": "user", "content": [old, image]}, {"type": "function_call_output"}]}
    (message, _) = after(given, rule, client="openai_responses")["input"]
    assert message["content"] == [old, image, {"type": "input_text", "text": "new"}]


def test_a_marker_is_adjacent_in_any_block_or_nothing_is_put_in() -> None:
    blocks = [{"type": "text", "text": "A"}, {"type": "text", "text": "A!"}]
    assert after(system(blocks), {**INJECT, "content": "!", "marker": "A"}) == system(blocks)


def test_of_several_blocks_with_the_marker_the_first_gets_the_content() -> None:
    blocks = [{"type": "text", "text": text} for text in ("no", "A one", "A two")]
    changed = [{"type": "text", "text": text} for text in ("no", "A! one", "A two")]
    assert after(system(blocks), {**INJECT, "content": "!", "marker": "A"}) == system(changed)


def test_a_message_that_holds_only_results_or_images_is_not_what_the_user_said() -> None:
    said = {"role": "user", "content": [{"type": "text", "text": "look"}]}
    results = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "text"}]}
    image = {"role": "user", "content": [{"type": "image", "source": {}}, {"type": "text", "text": " "}]}
    rule = {**INJECT, "target": "user", "content": "new"}
    changed = after({"messages": [said, results, image]}, rule)["messages"]
    assert changed == [{"role": "user", "content": [*said["content"], {"type": "text", "text": "new"}]}, results, image]
    assert after({"messages": [results]}, rule) == {"messages": [results]}


def test_a_users_message_that_answers_a_call_is_not_what_the_user_said() -> None:
    messages = [{"role": "user", "content": "hello"}, {"role": "user", "tool_call_id": "c", "content": "sunny"}]
    changed = after({"messages": messages}, {**INJECT, "target": "user", "content": "!"}, client="openai_chat")
    assert [message["content"] for message in changed["messages"]] == ["hello!", "sunny"]


@pytest.mark.parametrize("kind", ["tool_result", "mcp_tool_result"])
def test_no_text_is_put_before_a_tool_result(kind: str) -> None:
    result = {"type": kind, "tool_use_id": "t", "content": "x"}
    said = {"type": "text", "text": "go on"}
    rule = {**INJECT, "target": "user", "content": "new", "position": "prepend"}
    changed = after({"messages": [{"role": "user", "content": [result, said]}]}, rule)
    assert changed["messages"][0]["content"] == [result, {"type": "text", "text": "new"}, said]


@pytest.mark.parametrize("content", [None, [], ""])
def test_a_system_message_without_a_text_gets_one(content: Any) -> None:
    given = {"messages": [{"role": "developer", "content": content}]}
    expected = [{"type": "text", "text": "new"}] if content == [] else "new"
    changed = after(given, {**INJECT, "content": "new"}, client="openai_chat")
    assert changed == {"messages": [{"role": "developer", "content": expected}]}


def test_the_system_message_goes_before_a_developers() -> None:
    given = {"messages": [{"role": "developer", "content": "d"}, {"role": "system", "content": "s"}]}
    changed = after(given, {**INJECT, "content": "!"}, client="openai_chat")
    assert [message["content"] for message in changed["messages"]] == ["d", "s!"]


@pytest.mark.parametrize("empty", [None, {}, {"role": "system"}])
def test_a_system_instruction_without_a_text_gets_one(empty: Any) -> None:
    given = {"system_instruction": empty, "contents": []}
    assert after(given, {**INJECT, "content": "new"}, client="gemini") == {
        "system_instruction": {**(empty or {}), "parts": [{"text": "new"}]},
        "contents": [],
    }


def test_gemini_is_understood_in_snake_case_and_without_roles() -> None:
    given = {"system_instruction": {"parts": [{"text": "s"}]}, "contents": [{"parts": [{"text": "hello"}]}]}
    changed = after(
        given, {**INJECT, "content": "!"}, {**INJECT, "name": "u", "target": "user", "content": "?"}, client="gemini"
    )
    assert changed["system_instruction"]["parts"] == [{"text": "s"}, {"text": "!"}]
    assert changed["contents"][0]["parts"] == [{"text": "hello"}, {"text": "?"}]


@pytest.mark.parametrize("client", sorted(CLIENTS.values()))
def test_a_pattern_is_stripped(client: str) -> None:
    rule = {**STRIP, "pattern": r"(?i)today is [0-9-]+\. ?"}
    assert after(system("Today is 2026-01-02. Be kind.", client), rule, client=client) == system("Be kind.", client)
    told = {**rule, "target": "user"}
    assert after(user("today is 1. hello", client), told, client=client) == user("hello", client)
    assert after(system("no date", client), rule, client=client) == system("no date", client)


def test_every_system_message_is_stripped() -> None:
    def said(first: str, second: str) -> dict[str, Any]:
        blocks = [{"type": "text", "text": second}]
        return {"messages": [{"role": "system", "content": first}, {"role": "developer", "content": blocks}]}

    assert after(said("a x", "b x"), {**STRIP, "pattern": " x"}, client="openai_chat") == said("a", "b")


def test_a_block_that_is_stripped_bare_goes_unless_it_is_the_last() -> None:
    blocks = [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]
    assert after(system(blocks), {**STRIP, "pattern": "x"}) == system(blocks[1:])
    assert after(system(blocks[:1]), {**STRIP, "pattern": "x"}) == system([{"type": "text", "text": ""}])


def test_all_that_strip_come_before_all_that_inject() -> None:
    changed = after(system("old"), {**INJECT, "content": " old"}, {**STRIP, "pattern": "old"})
    assert changed == system(" old")


@pytest.mark.parametrize(
    ("models", "client", "asked", "expected"),
    [
        ([], "anthropic", "m", True),
        ([{"name": "m"}], "anthropic", "m", True),
        ([{"name": "m"}], "anthropic", "m(high)", True),
        ([{"name": "gpt-*"}], "anthropic", "m", False),
        *(([{"name": "*", "protocol": name}], client, "m", True) for name, client in CLIENTS.items()),
        ([{"name": "*", "protocol": "claude"}], "openai_chat", "m", False),
        ([{"name": "*", "protocol": "gemini-cli"}], "gemini", "m", False),
        ([{"name": "x"}, {"name": "*", "protocol": "claude"}], "anthropic", "m", True),
    ],
)
def test_a_rule_is_about_its_models(models: list[dict[str, str]], client: str, asked: str, expected: bool) -> None:
    given = SAID[client]
    changed = after(given, {**INJECT, "models": models, "content": "new"}, client=client, asked=asked)
    assert (changed != given) is expected


def test_a_rule_that_is_not_switched_on_does_nothing() -> None:
    assert not rules({**INJECT, "enabled": False, "content": "x"})


def test_what_is_told_is_the_rules_name() -> None:
    found = rules({**INJECT, "name": "house-style", "content": "secret text"})
    ruled = found.apply(b'{"messages": []}', asked="m", client="anthropic")
    assert ruled.told == ("prompt house-style",)


@pytest.mark.parametrize(
    "body",
    [b'{"messages": 7}', b'{"messages": [7], "system": 7}', b'{"messages": [{"role": "user"}]}', b'{"system": {}}'],
)
def test_an_odd_body_is_left_to_others_to_complain_of(body: bytes) -> None:
    odd = [{**INJECT, "content": "x", "marker": "m"}, {**INJECT, "name": "u", "target": "user", "content": "x"}]
    assert rules(*odd).apply(body, asked="m", client="anthropic").body is body


def test_a_dialect_without_system_text_and_a_compaction_are_left_alone() -> None:
    settings = parse(json.dumps({"prompt-rules": [{**INJECT, "content": "x"}]})).settings
    about: dict[str, Any] = {"asked": "m", "operation": Operation.GENERATE}
    body = b'{"prompt": "hello"}'
    assert Rules(settings).prompted(body, client="openai_completions", **about).body is body
    about["operation"] = Operation.COMPACT
    assert Rules(settings).prompted(b'{"input": "hello"}', client="openai_responses", **about).told == ()
    about["operation"] = Operation.COUNT_TOKENS
    assert Rules(settings).prompted(b'{"messages": []}', client="anthropic", **about).told == ("prompt i",)


def test_an_edited_prompt_keeps_the_bytes_of_everything_else() -> None:
    body = b'{ "model":"m" , "messages" : [ {"role":"user", "content":"\\u00e9 1.0" } ], "n": 1.50 }'
    ruled = rules({**INJECT, "target": "user", "content": "!"}).apply(body, asked="m", client="anthropic")
    assert ruled.body == body.replace(b'"\\u00e9 1.0"', '"é 1.0!"'.encode())


def test_both_ways_of_asking_ollama_are_understood() -> None:
    both = {**INJECT, "content": "!"}, {**INJECT, "name": "u", "target": "user", "content": "?"}
    assert after({"prompt": "hello", "system": "s"}, *both, client="ollama") == {"prompt": "hello?", "system": "s!"}
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "hello", "images": ["aGk="]}]
    changed = after({"messages": messages}, *both, client="ollama")["messages"]
    assert [message["content"] for message in changed] == ["s!", "hello?"]
    strip = {**STRIP, "pattern": "s"}
    assert after({"prompt": "s", "system": "so"}, strip, client="ollama") == {"prompt": "s", "system": "o"}
    assert after({"messages": messages}, strip, client="ollama")["messages"][0]["content"] == ""
    assert after({"prompt": " "}, both[1], client="ollama") == {"prompt": " "}
