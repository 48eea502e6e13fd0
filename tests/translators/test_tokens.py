"""The estimate of a prompt's tokens: near the vendors' own counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from tests.support.recordings import WIRE
from translators.conversation import (
    Audio,
    Conversation,
    File,
    Hosted,
    HostedCall,
    HostedResult,
    Image,
    Message,
    OutputFormat,
    Part,
    Refusal,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from translators.dialects.openai_chat import DIALECT
from translators.hosted_words import words_of
from translators.notes import Citation
from translators.tokens import estimate, of_text


def tokens(*parts: Part, **fields: object) -> int:
    return estimate(Conversation(model="m", messages=(Message(Role.USER, parts),), **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["cj-06143faf00", "cj-74a9c5153e"])
def test_long_prompts_of_recorded_requests_are_estimated_within_a_third(name: str) -> None:
    folder = WIRE / "openai_chat"
    request, reply = folder / f"{name}.request.json", folder / f"{name}.json"
    if not request.exists():
        pytest.skip(f"no {request.name}")
    usage = DIALECT.decode_reply(reply.read_bytes()).usage
    assert usage is not None
    assert estimate(DIALECT.decode_request(request.read_bytes())) == pytest.approx(usage.input_tokens, rel=0.34)


@pytest.mark.parametrize(
    ("text", "at_least", "at_most"),
    [
        ("The quick brown fox jumps over the lazy dog. " * 100, 800, 1200),
        ('{"city": "Paris", "days": [1, 2, 3], "metric": true}\n' * 100, 1500, 2500),
        ("Съешь же ещё этих мягких французских булок. " * 100, 1200, 2600),
        ("我能吞下玻璃而不伤身体。" * 100, 800, 1500),
        ("🎉" * 100, 100, 300),
        ("", 0, 0),
    ],
    ids=["prose", "json", "cyrillic", "chinese", "emoji", "nothing"],
)
def test_texts_of_each_script_are_in_a_plausible_range(text: str, at_least: int, at_most: int) -> None:
    assert at_least <= of_text(text) <= at_most


def test_every_kind_of_part_counts() -> None:
    empty = tokens()
    for part in (
        Text("some words"),
        Thinking("some words"),
        Refusal("some words"),
        Image(url="https://x/y.png"),
        File("application/pdf", data="QUJD" * 100),
        Audio("QUJD" * 2000, "wav"),
        ToolCall("c", "name", '{"a":1}'),
        ToolResult("c", (Text("some words"),)),
    ):
        assert tokens(part) > empty, part


def test_an_image_in_low_detail_costs_less() -> None:
    assert tokens(Image(url="x", detail="low")) < tokens(Image(url="x"))


def test_system_tools_and_formats_count() -> None:
    schema = Raw(b'{"type":"object","properties":{"city":{"type":"string"}}}')
    plain = tokens(Text("hi"))
    assert tokens(Text("hi"), system=(Text("be brief"),)) > plain
    assert tokens(Text("hi"), tools=(Tool("f", "does it", schema),)) > tokens(Text("hi"), tools=(Tool("f"),)) > plain
    assert tokens(Text("hi"), output_format=OutputFormat(schema)) > plain


def test_an_empty_conversation_has_a_token() -> None:
    assert estimate(Conversation(model="m", messages=())) >= 1


@given(st.text())
def test_any_text_has_a_finite_count_that_grows_with_it(text: str) -> None:
    assert of_text(text + text) == pytest.approx(2 * of_text(text))


@pytest.mark.parametrize(
    "ran",
    [
        HostedCall("a", Hosted.WEB_SEARCH, '{"query": "where the docs of this project are"}'),
        HostedResult(
            "a", Hosted.WEB_SEARCH, sources=(Citation("https://example.com/docs", "The docs", "so it says"),) * 9
        ),
    ],
)
def test_what_a_vendors_own_tool_did_counts_as_the_words_that_tell_it(ran: HostedCall | HostedResult) -> None:
    said = tokens(Text(words_of(ran)))
    assert said <= tokens(ran) <= said + 20
