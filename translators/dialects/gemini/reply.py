"""Whole replies, both ways."""

from typing import Any

from translators.assemble import Assembler, events_of
from translators.conversation import Reply
from translators.dialect import Context
from translators.dialects.gemini.errors import error_of, upstream_error
from translators.dialects.gemini.said import Grounding, whole_part
from translators.dialects.gemini.stream_decoder import ChunkReader
from translators.dialects.gemini.wire import CHUNK, CHUNKS
from translators.dialects.gemini.words import NAME, stop_word, usage_fields
from translators.errors import ErrorKind, UpstreamError
from translators.events import Event, PartDelta, PartEnd, PartKind, PartNote, PartStart
from translators.jsonio import ENCODER, UNREADABLE
from translators.notes import Note


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


def encode_reply(reply: Reply, context: Context) -> bytes:
    """The body of a whole reply."""
    writer = _Writer(context)
    for event in events_of(reply):
        writer.take(event)
    candidate: dict[str, Any] = {
        "content": {"parts": writer.parts(), "role": "model"},
        "finishReason": stop_word(reply.stop, refused=writer.refused, malformed=writer.malformed),
        "index": 0,
        **writer.grounding.fields(),
    }
    body: dict[str, Any] = {"candidates": [candidate]}
    if reply.usage is not None:
        body["usageMetadata"] = usage_fields(reply.usage)
    body["modelVersion"] = context.model or reply.model
    body["responseId"] = reply.id or context.reply_id
    return ENCODER.encode(body)


class _Writer:
    """take(event): the events of a whole reply, whose parts follow each other. parts(): once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._parts: list[dict[str, Any]] = []
        self._start = PartStart(0, PartKind.TEXT)
        self._text = ""
        self._notes: list[Note] = []
        self._signature: str | None = None
        self.grounding = Grounding()
        self._calls = 0
        self.refused = False
        self.malformed = False

    def take(self, event: Event) -> None:
        """One more."""
        match event:
            case PartStart():
                self._start, self._text, self._notes = event, "", []
            case PartDelta(text=text):
                self._text = text
            case PartNote(note=note):
                self._notes.append(note)
            case PartEnd():
                self._end(event)
            case _:
                pass

    def parts(self) -> list[dict[str, Any]]:
        """All of them; a signature with nothing behind it stands alone."""
        if self._signature is not None:
            self._say({"text": ""})
        return self._parts

    def _say(self, part: dict[str, Any]) -> None:
        if self._signature is not None:
            part["thoughtSignature"], self._signature = self._signature, None
        self._parts.append(part)

    def _end(self, event: PartEnd) -> None:
        start = self._start
        self.grounding.take(start, self._text, self._notes)
        match start.kind:
            case PartKind.THINKING:
                self._thought(event)
            case PartKind.TEXT | PartKind.REFUSAL:
                self.refused = self.refused or start.kind is PartKind.REFUSAL
                if self._text:
                    self._say({"text": self._text})
            case _:
                self._calls += start.kind is PartKind.TOOL_CALL
                part = whole_part(start, self._text, event, self._context, self._calls)
                if part is not None:
                    self._say(part)
                elif start.kind is PartKind.TOOL_CALL:
                    self.malformed = True

    def _thought(self, event: PartEnd) -> None:
        """Another vendor's signature never goes out."""
        own = event.signature if event.signer == NAME else None
        if self._signature is not None and (self._text or own):
            self._say({"text": ""})
        if self._text and not self._start.redacted:
            self._parts.append({"text": self._text, "thought": True})
        self._signature = own or self._signature
