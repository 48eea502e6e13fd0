"""Whole replies."""

from translators.assemble import Assembler
from translators.conversation import Reply
from translators.dialects.gemini.errors import error_of, upstream_error
from translators.dialects.gemini.stream_decoder import ChunkReader
from translators.dialects.gemini.wire import CHUNK, CHUNKS
from translators.dialects.gemini.words import NAME
from translators.errors import ErrorKind, UpstreamError
from translators.events import Event
from translators.jsonio import UNREADABLE


def decode_reply(body: bytes) -> Reply:
    """One response, or the array of them that a stream without alt=sse is. Raises UpstreamError where the body is an
    error or no reply."""
    try:
        chunks = CHUNKS.decode(body) if body.lstrip()[:1] == b"[" else [CHUNK.decode(body)]
    except UNREADABLE as error:
        raise UpstreamError(ErrorKind.SERVER, "the upstream's reply can't be read", status=502) from error
    reader = ChunkReader()
    events: list[Event] = []
    for chunk in chunks:
        said = error_of(chunk.error)
        if said is not None:
            raise upstream_error(said)
        if not reader.done:
            reader.take_chunk(chunk, events)
    if not reader.done:
        reader.finish(events)
    assembler = Assembler(NAME)
    for event in events:
        assembler.take(event)
    return assembler.reply()
