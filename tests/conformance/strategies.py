"""Conversations that every dialect can say, word for word."""

import json
from typing import Any

from hypothesis import strategies as st
from msgspec import Raw

from translators.conversation import (
    ChoiceMode,
    Conversation,
    File,
    Image,
    Message,
    Part,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)

WORDS = st.sampled_from(
    ["hello", "two words", 'a "quote"', "日本", "😀", "line\nbreak", "\\ud800", "a\u2028b", "{}", "<b>&"]
)
TEXTS = st.builds(Text, WORDS)
IMAGES = st.sampled_from(
    [Image(media_type="image/png", data="iVBORw0KGgo="), Image(url="https://example.com/picture.png")]
)
FILES = st.just(File(media_type="application/pdf", data="JVBERi0xLjQ=", name="report.pdf"))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)
OBJECTS = st.dictionaries(WORDS, VALUES, max_size=3)
SCHEMAS = st.builds(
    lambda properties, required: {"type": "object", "properties": properties, "required": required, "x-note": 1},
    st.dictionaries(st.sampled_from(["path", "type", "$ref"]), st.just({"type": "string", "enum": ["a", "b"]})),
    st.just([]),
)


def raw(value: Any) -> Raw:
    return Raw(json.dumps(value, ensure_ascii=False).encode())


def tools() -> st.SearchStrategy[tuple[Tool, ...]]:
    """Some tools, each with a name of its own."""
    names = st.sampled_from(["read", "write-all", "mcp__files__list", "x" * 64])
    tool = st.builds(Tool, names, WORDS, SCHEMAS.map(raw))
    return st.lists(tool, max_size=4, unique_by=lambda tool: tool.name).map(tuple)


@st.composite
def messages(draw: st.DrawFn, names: list[str]) -> tuple[Message, ...]:
    """The user begins and ends, every call is answered at once and in order."""
    said = [Message(Role.USER, tuple(draw(st.lists(TEXTS | IMAGES | FILES, min_size=1, max_size=3))))]
    for turn in range(draw(st.integers(0, 3))):
        words: list[Part] = list(draw(st.lists(TEXTS, max_size=1)))
        wanted = draw(st.lists(st.sampled_from(names), max_size=3)) if names else []
        calls = [
            ToolCall(f"call_{turn}_{number}", name, json.dumps(draw(OBJECTS), ensure_ascii=False))
            for number, name in enumerate(wanted)
        ]
        if not words and not calls:
            words = [draw(TEXTS)]
        said.append(Message(Role.ASSISTANT, (*words, *calls)))
        if calls:
            said.append(Message(Role.USER, tuple(ToolResult(call.id, (draw(TEXTS),)) for call in calls)))
        if not calls or draw(st.booleans()):
            said.append(Message(Role.USER, (draw(TEXTS),)))
    return tuple(said)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """A request of a client that uses only what all dialects have."""
    declared = draw(tools())
    names = [tool.name for tool in declared]
    choices: list[ToolChoice | None] = [None]
    if names:
        choices += [ToolChoice(mode) for mode in (ChoiceMode.AUTO, ChoiceMode.NONE, ChoiceMode.ANY)]
        choices += [ToolChoice(ChoiceMode.ONE, name) for name in names]
    choice = draw(st.sampled_from(choices))
    parallel = draw(st.sampled_from([None, False])) if choice and choice.mode is not ChoiceMode.NONE else None
    return Conversation(
        model="m",
        messages=draw(messages(names)),
        system=tuple(draw(st.lists(TEXTS, max_size=2))),
        tools=declared,
        tool_choice=choice,
        parallel_tool_calls=parallel,
        max_tokens=draw(st.integers(1, 4096)),
        temperature=draw(st.sampled_from([None, 0.0, 0.5, 1.0])),
        stop=tuple(draw(st.lists(st.sampled_from(["END", "\n\nHuman:", "日"]), max_size=3, unique=True))),
        user=draw(st.sampled_from([None, "user-1"])),
        stream=draw(st.booleans()),
    )
