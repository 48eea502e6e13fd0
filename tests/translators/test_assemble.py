"""Events and whole replies are two forms of one thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.streams import check_order
from translators.assemble import Assembler, events_of
from translators.conversation import (
    Audio,
    File,
    Hosted,
    HostedCall,
    HostedResult,
    Image,
    Part,
    Refusal,
    Reply,
    Text,
    Thinking,
    ToolCall,
)
from translators.errors import ErrorKind, UpstreamError
from translators.events import (
    Event,
    PartDelta,
    PartEnd,
    PartKind,
    PartStart,
    ReplyEnd,
    ReplyError,
    ReplyStart,
    StopReason,
    Usage,
)
from translators.notes import Citation, Logprobs, TokenChance, TokenNote

WORDS = st.sampled_from(["", "a", "two words", "日本", '"\\'])
COUNTS = st.integers(0, 10**6)
SIGNATURES = st.sampled_from(["c2lnbmF0dXJl", "x"])
CITATIONS = st.builds(Citation, url=WORDS, title=WORDS, start=st.none() | st.integers(0, 9))
LOGPROBS = st.builds(lambda token: Logprobs((TokenNote(TokenChance(token, -0.5)),)), WORDS)
PARTS: st.SearchStrategy[Part] = st.one_of(
    st.builds(Text, WORDS, notes=st.lists(CITATIONS | LOGPROBS, max_size=2).map(tuple)),
    st.builds(Refusal, WORDS),
    st.builds(ToolCall, WORDS, WORDS, st.sampled_from(["{}", '{"a":1}'])),
    st.builds(Thinking, WORDS),
    st.builds(Thinking, WORDS, SIGNATURES, st.just("anthropic"), st.booleans()),
    st.builds(Image, st.just("image/png"), WORDS),
    st.builds(Audio, WORDS, st.sampled_from(["wav", "L16;rate=24000"])),
    st.builds(File, st.just("application/pdf"), WORDS),
    st.builds(HostedCall, WORDS, st.sampled_from(Hosted), st.sampled_from(["{}", '{"query":"a"}'])),
    st.builds(HostedResult, WORDS, st.sampled_from(Hosted), WORDS, st.lists(CITATIONS).map(tuple), st.booleans()),
)
REPLIES = st.builds(
    Reply,
    id=WORDS,
    model=WORDS,
    parts=st.lists(PARTS, max_size=5).map(tuple),
    stop=st.sampled_from(StopReason),
    usage=st.none() | st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS),
    stop_sequence=st.none() | WORDS,
)


def assemble(*events: Event, signer: str | None = None) -> Reply:
    assembler = Assembler(signer)
    for event in events:
        assembler.take(event)
    return assembler.reply()


@given(REPLIES)
def test_a_reply_is_the_sum_of_its_events(reply: Reply) -> None:
    assert assemble(*events_of(reply), signer="anthropic") == reply


@given(REPLIES)
def test_the_events_of_a_reply_are_in_order(reply: Reply) -> None:
    check_order(events_of(reply))


START = ReplyStart("id", "model", Usage(input_tokens=5))
END = ReplyEnd(StopReason.TOOL_USE)


def test_interleaved_parts_stand_in_the_order_in_which_they_began() -> None:
    reply = assemble(
        START,
        PartStart(0, PartKind.TOOL_CALL, id="1", name="a"),
        PartStart(7, PartKind.TOOL_CALL, id="2", name="b"),
        PartDelta(7, '{"x":'),
        PartDelta(0, '{"y":1}'),
        PartDelta(7, "2}"),
        PartEnd(7),
        PartEnd(0),
        END,
    )
    assert reply.parts == (ToolCall("1", "a", '{"y":1}'), ToolCall("2", "b", '{"x":2}'))


def test_a_call_without_arguments_has_an_empty_object() -> None:
    reply = assemble(START, PartStart(0, PartKind.TOOL_CALL, id="1", name="a"), PartEnd(0), END)
    assert reply.parts == (ToolCall("1", "a", "{}"),)


def test_usage_told_at_the_start_counts_where_the_end_tells_none() -> None:
    assert assemble(START, END).usage == Usage(input_tokens=5)
    assert assemble(START, ReplyEnd(StopReason.END_TURN, Usage(output_tokens=1))).usage == Usage(output_tokens=1)


def test_thinking_without_a_signature_has_no_signer() -> None:
    reply = assemble(START, PartStart(0, PartKind.THINKING), PartDelta(0, "hm"), PartEnd(0), END, signer="anthropic")
    assert reply.parts == (Thinking("hm"),)


def test_a_reply_that_failed_raises_what_the_vendor_said() -> None:
    with pytest.raises(UpstreamError, match="too busy") as caught:
        assemble(START, ReplyError(ErrorKind.OVERLOADED, "too busy", 529, "overloaded"))
    assert (caught.value.kind, caught.value.status, caught.value.code) == (ErrorKind.OVERLOADED, 529, "overloaded")


def test_a_reply_without_an_end_raises() -> None:
    with pytest.raises(UpstreamError, match="ended early"):
        assemble(START, PartStart(0, PartKind.TEXT), PartDelta(0, "half"))
