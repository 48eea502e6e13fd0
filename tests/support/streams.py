"""Streams of any dialect: read in one go, written in one go, split anywhere."""

from collections.abc import Iterable
from functools import cache

from hypothesis import strategies as st

from tests.support.recordings import OURS, files
from translators.assemble import Assembler
from translators.conversation import Reply
from translators.dialect import Context, Dialect
from translators.events import Event, Order


def decode(dialect: Dialect, *pieces: bytes) -> list[Event]:
    """The events of a body that arrives in these pieces, their order checked; nothing follows the end."""
    decoder = dialect.stream_decoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    events += decoder.close()
    assert decoder.feed(another_reply(dialect)) == []
    assert decoder.close() == []
    check_order(events)
    return events


@cache
def another_reply(dialect: Dialect) -> bytes:
    """A whole stream, to be fed to a decoder that should not listen any more."""
    return files(OURS / dialect.name, "*.sse")[-1].read_bytes()


def encode(dialect: Dialect, events: Iterable[Event], context: Context | None = None) -> bytes:
    """The client's stream."""
    encoder = dialect.stream_encoder(context or Context())
    return b"".join(encoder.feed(event) for event in events)


def check_order(events: Iterable[Event]) -> None:
    """Raises OutOfOrder."""
    order = Order()
    for event in events:
        order.take(event)


def whole(events: Iterable[Event]) -> Reply:
    """The sum of the events. Raises UpstreamError where they end in an error."""
    assembler = Assembler()
    for event in events:
        assembler.take(event)
    return assembler.reply()


def splits[Whole: (bytes, list[Event])](of: Whole) -> st.SearchStrategy[list[Whole]]:
    """Pieces that make up the whole, some of them empty."""

    def pieces(cuts: list[int]) -> list[Whole]:
        return [of[start:end] for start, end in zip([0, *cuts], [*cuts, len(of)], strict=True)]

    return st.lists(st.integers(0, len(of)), max_size=8).map(sorted).map(pieces)
