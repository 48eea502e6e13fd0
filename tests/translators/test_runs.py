"""Pieces of a part that come in a row: what is written of all at once is what each would have made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.streams import splits
from translators.conversation import Hosted
from translators.dialect import Context
from translators.events import (
    Event,
    PartDelta,
    PartEnd,
    PartKind,
    PartNote,
    PartStart,
    ReplyEnd,
    ReplyStart,
    StopReason,
)
from translators.notes import Citation, Logprobs, Note, TokenChance, TokenNote
from translators.pipe import encode_all
from translators.registry import all_dialects, dialect

FREEFORM = "patch"
CONTEXT = Context(model="m", freeform=frozenset((FREEFORM,)), reply_id="abc%d")
TEXTS = st.lists(
    st.sampled_from(
        [
            "",
            "a",
            ",",
            'say ",',
            "\\",
            "100 %d %",
            "line\nbreak",
            "日本 😀",
            "\u2028",
            '{"input":"',
            'x\\n"}',
            "iVBORw0K",
        ]
    ),
    max_size=6,
)
NOTES: st.SearchStrategy[Note] = st.sampled_from(
    [
        Citation(url="https://a.example", title="A", start=0, end=1),
        Citation(url="https://b.example"),
        Logprobs((TokenNote(TokenChance("a", -0.5)),)),
    ]
)


@st.composite
def parts(draw: st.DrawFn, number: int) -> list[Event]:
    """One part of any kind, said in some pieces."""
    kind = draw(st.sampled_from(PartKind))
    name = ""
    if kind is PartKind.TOOL_CALL:
        name = draw(st.sampled_from(["read", FREEFORM]))
    elif kind in (PartKind.HOSTED_CALL, PartKind.HOSTED_RESULT):
        name = draw(st.sampled_from(Hosted))
    redacted = kind is PartKind.THINKING and draw(st.booleans())
    media_type = draw(st.sampled_from(["image/png", "audio/wav", "application/pdf"]))
    said: list[Event] = [PartDelta(number, text) for text in draw(TEXTS)]
    if kind is PartKind.TEXT:
        for note in draw(st.lists(NOTES, max_size=2)):
            said.insert(draw(st.integers(0, len(said))), PartNote(number, note))
    signer = draw(st.sampled_from([None, *all_dialects()])) if kind is PartKind.THINKING else None
    start = PartStart(number, kind, "call", name, redacted, media_type if kind is PartKind.MEDIA else "")
    return [start, *said, PartEnd(number, "c2lnbmVk" if signer else None, signer)]


@st.composite
def replies(draw: st.DrawFn) -> list[Event]:
    """Some parts, one after the other."""
    said = [event for number in range(draw(st.integers(0, 4))) for event in draw(parts(number))]
    return [
        ReplyStart(draw(st.sampled_from(["id", "resp_%d"])), "model"),
        *said,
        ReplyEnd(draw(st.sampled_from(StopReason))),
    ]


@pytest.mark.parametrize("name", list(all_dialects()))
@given(data=st.data())
def test_many_events_at_once_make_the_bytes_that_each_makes(name: str, data: st.DataObject) -> None:
    events = data.draw(replies())
    slow, fast = dialect(name).stream_encoder(CONTEXT), dialect(name).stream_encoder(CONTEXT)
    expected = b"".join([slow.feed(event) for event in events])
    assert b"".join([encode_all(fast, some) for some in data.draw(splits(events))]) == expected


@pytest.mark.parametrize("name", list(all_dialects()))
def test_what_is_said_of_a_text_counts_all_its_pieces(name: str) -> None:
    events: list[Event] = [ReplyStart("id", "m")]
    for part in (0, 1):
        pieces = [PartDelta(part, piece) for piece in "abcde"]
        cited = PartNote(part, Citation(url="https://a.example"))
        events += [PartStart(part, PartKind.TEXT), *pieces, cited, PartEnd(part)]
    slow, fast = dialect(name).stream_encoder(CONTEXT), dialect(name).stream_encoder(CONTEXT)
    events.append(ReplyEnd(StopReason.END_TURN))
    assert encode_all(fast, events) == b"".join([slow.feed(event) for event in events])


@pytest.mark.parametrize("name", list(all_dialects()))
def test_a_piece_behind_an_empty_one_is_the_first(name: str) -> None:
    start, *pieces = [PartStart(0, PartKind.TOOL_CALL, "call", "read"), PartDelta(0, ""), PartDelta(0, "{}")]
    events: list[Event] = [ReplyStart("id", "m"), start, *pieces, PartEnd(0), ReplyEnd(StopReason.TOOL_USE)]
    slow, fast = dialect(name).stream_encoder(CONTEXT), dialect(name).stream_encoder(CONTEXT)
    assert encode_all(fast, events) == b"".join([slow.feed(event) for event in events])


@pytest.mark.parametrize("name", ["anthropic", "gemini", "openai_chat", "openai_responses"])
def test_all_but_the_first_piece_go_the_fast_way(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = dialect(name).stream_encoder(CONTEXT)
    encode_all(encoder, [ReplyStart("id", "model"), PartStart(0, PartKind.TEXT)])
    fed: list[Event] = []
    feed = encoder.feed

    def watched(event: Event) -> bytes:
        fed.append(event)
        return feed(event)

    monkeypatch.setattr(encoder, "feed", watched)
    out = encode_all(encoder, [PartDelta(0, text) for text in "abcd"])
    assert fed == [PartDelta(0, "a")]
    assert [out.count(b'"%b"' % text) for text in (b"a", b"b", b"c", b"d")] == [1, 1, 1, 1]
