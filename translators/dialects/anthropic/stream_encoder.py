"""Neutral events in, a Messages stream out."""

from collections.abc import Callable
from typing import Any, Final, override

from translators import dialect
from translators.conversation import Hosted, HostedResult
from translators.dialect import Context
from translators.dialects.anthropic import hosted
from translators.dialects.anthropic.citations import location_of
from translators.dialects.anthropic.decode import NAME
from translators.dialects.anthropic.errors import error_frame
from translators.dialects.anthropic.words import UNSHOWN, stop_word, usage_fields
from translators.events import (
    Event,
    PartDelta,
    PartEnd,
    PartKind,
    PartNote,
    PartStart,
    ReplyEnd,
    ReplyError,
    ReplyStart,
    error_of,
)
from translators.jsonio import ENCODER, quoted, quoted_all
from translators.names import client_name, legal_id, reply_id
from translators.notes import Citation, Note

MAX_ID: Final = 64
DELTA_END: Final = b"}}\n\n"
MESSAGE_STOP: Final = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_encode: Final[Callable[[Any], bytes]] = ENCODER.encode
ID_PREFIX: Final = "msg_"


class StreamEncoder(dialect.StreamEncoder):
    """feed(event): its frames. One part at a time (see Serializer).

    A block of text or thinking begins with its first words, so that an empty one never shows: it could not be sent
    back. Another vendor's signature never goes out, nor its redacted thinking. Which words a citation covers is told
    behind them: so in a stream it stands on all of the text, where a whole reply is cut.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._index = -1
        self._calls = 0
        self._refused = False
        self._pending = b""  # the start of a block that has no content yet
        self._redacted = False
        self._hidden = False  # whether the open part is one that the client never sees
        self._result: PartStart | None = None  # a hosted tool's, which goes out whole
        self._pieces: list[str] = []
        self._notes: list[Citation] = []  # of a hosted result, or of a text that has no words yet
        self._before = b""  # what stands before the text of a delta

    def feed(self, event: Event) -> bytes:
        """b"" where the event shows nothing yet."""
        match event:
            case PartDelta(text=text):
                if self._hidden:
                    if self._result is not None:
                        self._pieces.append(text)
                    return b""
                if not self._pending:
                    return self._before + _encode(text) + DELTA_END
                start, self._pending = self._pending, b""
                return start + self._before + _encode(text) + DELTA_END + self._cite()
            case PartStart():
                return self._part_start(event)
            case PartNote(note=note):
                return self._note(note)
            case PartEnd():
                return self._part_end(event)
            case ReplyStart():
                return self._reply_start(event)
            case ReplyEnd():
                return self._reply_end(event)
            case ReplyError():
                return error_frame(error_of(event))

    @override
    def feed_texts(self, part: int, texts: list[str]) -> bytes:
        """Of many pieces."""
        if self._hidden:
            return super().feed_texts(part, texts)
        return quoted_all(texts, self._before, DELTA_END)

    def _reply_start(self, event: ReplyStart) -> bytes:
        message: dict[str, Any] = {
            "id": reply_id(event.id, ID_PREFIX, self._context.reply_id),
            "type": "message",
            "role": "assistant",
            "model": self._context.model or event.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage_fields(event.usage),
        }
        return b'event: message_start\ndata: {"type":"message_start","message":%b}\n\n' % _encode(message)

    def _part_start(self, event: PartStart) -> bytes:
        self._redacted = event.redacted
        self._notes, self._result = [], None
        tool = event.name if event.kind in (PartKind.HOSTED_CALL, PartKind.HOSTED_RESULT) else None
        unknown = tool is not None and tool not in hosted.TYPES
        self._hidden = event.redacted or unknown or event.kind in (PartKind.MEDIA, PartKind.HOSTED_RESULT)
        if self._hidden:
            if event.kind is PartKind.MEDIA:
                return self._words(UNSHOWN.format(what=event.media_type or "some type"))
            if event.kind is PartKind.HOSTED_RESULT and not unknown:
                self._result, self._pieces = event, []
            return b""
        self._index += 1
        match event.kind:
            case PartKind.TOOL_CALL:
                self._calls += 1
                call_id = client_call_id(event.id, self._context, self._calls)
                name = client_name(self._context.names, event.name)
                block = b'{"type":"tool_use","id":%b,"name":%b,"input":{}}' % (quoted(call_id), quoted(name))
                self._before = self._delta_start(b'{"type":"input_json_delta","partial_json":')
                return self._start(block)
            case PartKind.THINKING:
                self._pending = self._start(b'{"type":"thinking","thinking":"","signature":""}')
                self._before = self._delta_start(b'{"type":"thinking_delta","thinking":')
            case PartKind.TEXT | PartKind.REFUSAL:
                self._refused = self._refused or event.kind is PartKind.REFUSAL
                self._pending = self._start(b'{"type":"text","text":""}')
                self._before = self._delta_start(b'{"type":"text_delta","text":')
            case PartKind.HOSTED_CALL:
                call_id = hosted.block_id(event.id, self._context.reply_id)
                block = b'{"type":"server_tool_use","id":%b,"name":%b,"input":{}}' % (
                    quoted(call_id),
                    quoted(event.name),
                )
                self._before = self._delta_start(b'{"type":"input_json_delta","partial_json":')
                return self._start(block)
            case PartKind.MEDIA | PartKind.HOSTED_RESULT:
                pass
        return b""

    def _words(self, text: str) -> bytes:
        """A block of its own."""
        self._index += 1
        delta = self._delta_start(b'{"type":"text_delta","text":') + quoted(text) + DELTA_END
        return self._start(b'{"type":"text","text":""}') + delta + self._stop()

    def _note(self, note: Note) -> bytes:
        if not isinstance(note, Citation):
            return b""
        self._notes.append(note)
        return b"" if self._pending or self._hidden else self._cite()

    def _cite(self) -> bytes:
        """What is known by now of where the words come from."""
        notes, self._notes = self._notes, []
        start = self._delta_start(b'{"type":"citations_delta","citation":')
        locations = [location for note in notes if (location := location_of(note)) is not None]
        return b"".join(start + _encode(location) + DELTA_END for location in locations)

    def _result_block(self, start: PartStart, *, failed: bool) -> bytes:
        sources, text = tuple(self._notes), "".join(self._pieces)
        result = HostedResult(start.id, Hosted(start.name), text, sources, failed)
        self._index += 1
        block = hosted.result_block(result, hosted.block_id(start.id, self._context.reply_id))
        return self._start(_encode(block)) + self._stop()

    def _part_end(self, event: PartEnd) -> bytes:
        own = event.signature if event.signer == NAME else None
        if self._hidden:
            if self._result is not None:
                return self._result_block(self._result, failed=event.failed)
            return self._redacted_block(own) if own and self._redacted else b""
        signature = self._signature(own) if own else b""
        start, self._pending = self._pending, b""
        if start and not signature:
            self._index -= 1
            return b""
        return start + signature + self._stop()

    def _redacted_block(self, data: str) -> bytes:
        self._index += 1
        return self._start(b'{"type":"redacted_thinking","data":%b}' % quoted(data)) + self._stop()

    def _signature(self, signature: str) -> bytes:
        return self._delta_start(b'{"type":"signature_delta","signature":') + quoted(signature) + DELTA_END

    def _start(self, block: bytes) -> bytes:
        return b'event: content_block_start\ndata: {"type":"content_block_start","index":%d,"content_block":%b}\n\n' % (
            self._index,
            block,
        )

    def _delta_start(self, delta: bytes) -> bytes:
        return b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":%b' % (
            self._index,
            delta,
        )

    def _stop(self) -> bytes:
        return b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n' % self._index

    def _reply_end(self, event: ReplyEnd) -> bytes:
        stop = stop_word(event.stop, calls=self._calls, refused=self._refused)
        delta = {
            "type": "message_delta",
            "delta": {"stop_reason": stop, "stop_sequence": event.stop_sequence},
            "usage": usage_fields(event.usage) if event.usage else {"output_tokens": 0},
        }
        return b"event: message_delta\ndata: %b\n\n" % _encode(delta) + MESSAGE_STOP


def client_call_id(upstream: str, context: Context, number: int) -> str:
    """A call id that this dialect's vendor would take back; `number`: which call of the reply it is."""
    return legal_id(upstream, MAX_ID) if upstream else f"toolu_{context.reply_id}{number}"
