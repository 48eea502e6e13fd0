"""What a stream keeps of its reply: all of it, or its thoughts and where they stand."""

from pathlib import Path

import pytest

from tests.support.recordings import OURS, files
from translators import Keep, ReplyStream, UpstreamError, pipe
from translators.conversation import Part, Reply, Text, Thinking, ToolCall
from translators.dialect import Context
from translators.events import Event, PartDelta, PartEnd, PartKind, PartStart, ReplyEnd, ReplyStart, StopReason
from translators.registry import dialect

STREAMS = [path for name in ("anthropic", "gemini", "openai_responses") for path in files(OURS / name, "*.sse")]


def kept(path: Path, keep: Keep) -> Reply | None:
    stream = ReplyStream(path.parent.name, "openai_chat", keep=keep)
    stream.feed(path.read_bytes())
    stream.close()
    try:
        return stream.reply()
    except UpstreamError:
        return None


def needed(part: Part) -> object:
    """What another turn may need of it."""
    return part if isinstance(part, Thinking) else part.id if isinstance(part, ToolCall) else type(part)


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_thoughts_are_kept_whole_and_where_they_stand(path: Path) -> None:
    whole, thoughts = kept(path, Keep.ALL), kept(path, Keep.THOUGHTS)
    if whole is None or thoughts is None:
        assert whole is thoughts
    else:
        assert list(map(needed, thoughts.parts)) == list(map(needed, whole.parts))


def thinking(*pieces: str) -> ReplyStream:
    """A stream that has brought a signed thought of these pieces, and some words."""
    encoder = dialect("anthropic").stream_encoder(Context(model="m"))
    stream = ReplyStream("anthropic", "openai_chat", keep=Keep.THOUGHTS)
    events: list[Event] = [
        ReplyStart("id", "m"),
        PartStart(0, PartKind.THINKING),
        *(PartDelta(0, piece) for piece in pieces),
        PartEnd(0, "c2ln", "anthropic"),
        PartStart(1, PartKind.TEXT),
        PartDelta(1, "words"),
        PartDelta(1, "words"),
        PartEnd(1),
        ReplyEnd(StopReason.END_TURN),
    ]
    for event in events:
        stream.feed(encoder.feed(event))
    stream.close()
    return stream


def test_words_are_not_kept_with_thoughts() -> None:
    assert thinking("It ", "rains.").reply().parts == (Thinking("It rains.", "c2ln", "anthropic"), Text(""))


def test_thoughts_without_an_end_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipe, "MAX_THOUGHT_CHARS", 10)
    assert thinking("12345", "67890").signed
    for endless in (thinking("12345", "67890", "1"), thinking("12345", "678901", "2")):
        assert not endless.signed
        with pytest.raises(UpstreamError):
            endless.reply()
