"""What only some dialects can say comes back from those as it was said: a dialect is held to it by an entry here."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.conformance.judges import check_accepted
from tests.conformance.strategies import TEXTS, WORDS
from tests.support.streams import decode, encode, whole
from translators.assemble import events_of
from translators.conversation import (
    Conversation,
    Grammar,
    Hosted,
    HostedCall,
    HostedResult,
    HostedTool,
    Image,
    Message,
    Part,
    Place,
    Reply,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from translators.dialect import Context, Target
from translators.events import StopReason, Usage
from translators.freeform import wrapped
from translators.notes import Citation, Logprobs, TokenChance, TokenNote
from translators.registry import dialect

PLACES = st.builds(Place, city=st.sampled_from(["Graz", "日本"]), country=st.sampled_from(["", "AT"]))
DOMAINS = st.lists(st.sampled_from(["a.org", "b.org"]), max_size=2, unique=True).map(tuple)


def limited(tool: Hosted) -> st.SearchStrategy[HostedTool]:
    uses = st.none() | st.integers(1, 5)
    allowed = st.builds(HostedTool, st.just(tool), uses, allowed_domains=DOMAINS)
    return allowed | st.builds(HostedTool, st.just(tool), uses, blocked_domains=DOMAINS)


def placed(tool: HostedTool, place: Place | None) -> HostedTool:
    return replace(tool, place=place)


HOSTED: dict[str, tuple[Target, st.SearchStrategy[HostedTool]]] = {
    "anthropic": (
        Target("claude-sonnet-4-5", genuine=True),
        st.builds(placed, limited(Hosted.WEB_SEARCH), st.none() | PLACES)
        | limited(Hosted.WEB_FETCH)
        | st.just(HostedTool(Hosted.CODE_EXECUTION)),
    ),
    "openai_chat": (
        Target("gpt-4o-search-preview", genuine=True),
        st.builds(
            HostedTool,
            st.just(Hosted.WEB_SEARCH),
            place=st.none() | PLACES,
            context_size=st.sampled_from(["", "low", "high"]),
        ),
    ),
}
"""The tools of a vendor's own that a dialect has every word for."""

FREEFORM = {"openai_chat": Target("gpt-5.1", genuine=True)}
"""Where tools have free text for input."""

GRAMMARS = st.just(Grammar()) | st.builds(Grammar, st.sampled_from(["lark", "regex"]), WORDS)


@pytest.mark.parametrize("name", HOSTED)
@given(data=st.data())
@settings(max_examples=60)
def test_a_tool_that_runs_at_the_vendor_comes_back(name: str, data: st.DataObject) -> None:
    target, tools = HOSTED[name]
    tool = data.draw(tools)
    asked = Conversation(model="m", messages=(Message(Role.USER, (Text("hi"),)),), hosted=(tool,), max_tokens=9)
    encoded = dialect(name).encode_request(asked, target)
    check_accepted(name, target, encoded.body)
    assert encoded.losses == ()
    assert dialect(name).decode_request(encoded.body).hosted == (tool,)


@pytest.mark.parametrize("name", FREEFORM)
@given(grammar=GRAMMARS, text=st.text(st.characters(exclude_categories=["Cs"]), max_size=12), description=WORDS)
@settings(max_examples=60)
def test_a_free_form_tool_and_its_call_come_back(name: str, grammar: Grammar, text: str, description: str) -> None:
    tool = Tool("patch", description, freeform=grammar)
    called = ToolCall("call_1", "patch", wrapped(text))
    history = (
        Message(Role.USER, (Text("hi"),)),
        Message(Role.ASSISTANT, (called,)),
        Message(Role.USER, (ToolResult("call_1", (Text("done"),)),)),
    )
    encoded = dialect(name).encode_request(Conversation("m", history, tools=(tool,)), FREEFORM[name])
    check_accepted(name, FREEFORM[name], encoded.body)
    again = dialect(name).decode_request(encoded.body)
    assert (again.tools, again.messages, encoded.losses) == ((tool,), history, ())
    context = Context(freeform=frozenset({"patch"}))
    reply = Reply("the-id", "m", (called,), StopReason.TOOL_USE, Usage())
    assert dialect(name).decode_reply(dialect(name).encode_reply(reply, context)).parts == (called,)
    assert whole(decode(dialect(name), encode(dialect(name), events_of(reply), context))).parts == (called,)


PAGES = st.builds(Citation, st.sampled_from(["https://a.org/x", "https://b.org/日本"]), WORDS, WORDS)
CHANCES = st.builds(TokenChance, WORDS, st.floats(-20, 0))
LOGPROBS = st.lists(st.builds(TokenNote, CHANCES, st.lists(CHANCES, max_size=2).map(tuple)), min_size=1, max_size=3)
RUNS = st.sampled_from(
    [
        (HostedCall("srvtoolu_1", Hosted.WEB_SEARCH, '{"query": "x"}'), Hosted.WEB_SEARCH),
        (HostedCall("srvtoolu_2", Hosted.WEB_FETCH, '{"url": "https://a.org"}'), Hosted.WEB_FETCH),
        (HostedCall("srvtoolu_3", Hosted.CODE_EXECUTION, '{"code": "1"}'), Hosted.CODE_EXECUTION),
    ]
)


@st.composite
def runs(draw: st.DrawFn) -> tuple[Part, ...]:
    """A call of a vendor's tool, and what it gave back."""
    call, tool = draw(RUNS)
    pages = draw(st.lists(st.builds(Citation, st.just("https://a.org/x"), WORDS), min_size=1, max_size=1)) or []
    match tool:
        case Hosted.WEB_SEARCH:
            result = HostedResult(call.id, tool, sources=tuple(pages))
        case Hosted.WEB_FETCH:
            result = HostedResult(call.id, tool, draw(WORDS), tuple(pages))
        case _:
            result = HostedResult(call.id, tool, draw(WORDS), failed=draw(st.booleans()))
    return (call, result)


def text_with(notes: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Part, ...]]:
    return st.tuples(st.builds(Text, WORDS, notes=st.lists(notes, max_size=2).map(tuple)))


REPLIES: dict[str, st.SearchStrategy[tuple[Part, ...]]] = {
    "anthropic": text_with(
        PAGES | st.builds(Citation, title=WORDS, quote=WORDS, document=st.just(1), pages=st.just((2, 3)))
    )
    | runs(),
    "openai_chat": text_with(PAGES)
    | st.tuples(st.builds(Text, WORDS, notes=st.tuples(st.builds(Logprobs, LOGPROBS.map(tuple)))))
    | st.tuples(TEXTS, st.just(Image("image/png", "iVBORw0KGgo="))),
}
"""Parts of a reply beyond words and calls."""


def plain(parts: tuple[Part, ...]) -> list[Part]:
    """A citation that covers all of its text says so in some dialects, and not in others."""
    found: list[Part] = []
    for part in parts:
        if isinstance(part, Text):
            notes = [replace(note, start=None, end=None) if isinstance(note, Citation) else note for note in part.notes]
            part = replace(part, notes=tuple(notes))
        found.append(part)
    return found


@pytest.mark.parametrize("name", REPLIES)
@given(data=st.data())
@settings(max_examples=100)
def test_what_a_reply_says_beside_its_words_comes_back_streamed_and_whole(name: str, data: st.DataObject) -> None:
    parts = data.draw(REPLIES[name])
    reply = Reply("the-id", "m", parts, StopReason.END_TURN, Usage(3, 0, 0, 2))
    body = dialect(name).encode_reply(reply, Context())
    json.loads(body)
    assert plain(dialect(name).decode_reply(body).parts) == plain(parts)
    assert plain(whole(decode(dialect(name), encode(dialect(name), events_of(reply)))).parts) == plain(parts)


@given(text=WORDS, pages=st.lists(PAGES, max_size=2))
@settings(max_examples=60)
def test_pages_that_are_cited_go_from_chat_to_anthropic_and_back(text: str, pages: list[Citation]) -> None:
    chat, anthropic = dialect("openai_chat"), dialect("anthropic")
    reply = Reply("the-id", "m", (Text(text, notes=tuple(pages)),), StopReason.END_TURN, Usage())
    there = chat.decode_reply(chat.encode_reply(reply, Context()))
    back = anthropic.decode_reply(anthropic.encode_reply(there, Context()))
    assert plain(back.parts) == plain(there.parts) == plain(reply.parts)
