"""Neutral events in, a generateContent stream out."""

from collections.abc import Callable
from typing import Any, Final, override

from translators import dialect
from translators.dialect import Context
from translators.dialects.gemini.errors import error_frame
from translators.dialects.gemini.said import Grounding, whole_part
from translators.dialects.gemini.words import NAME, stop_word, usage_fields
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
    Usage,
    error_of,
)
from translators.jsonio import ENCODER, quoted, quoted_all
from translators.notes import Note

TEXT: Final = b'data: {"candidates":[{"content":{"parts":[{"text":'
PARTS: Final = b'data: {"candidates":[{"content":{"parts":['
THOUGHT: Final = b',"thought":true'
SIGNATURE: Final = b',"thoughtSignature":'
END: Final = b"\r\n\r\n"
STREAMED: Final = frozenset((PartKind.TEXT, PartKind.THINKING, PartKind.REFUSAL))

_encode: Final[Callable[[Any], bytes]] = ENCODER.encode


class StreamEncoder(dialect.StreamEncoder):
    """feed(event): its frames. One part at a time (see Serializer).

    Words go out as they come; calls, whose arguments this dialect tells whole, and media at their end. A signature
    stands beside what follows the thinking that it proves. Another vendor's never goes out.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._usage: Usage | None = None
        self._behind = b""  # what stands behind the parts of a frame
        self._tail = b""  # the same behind the text of the open part
        self._named: dict[str, Any] = {}
        self._start: PartStart | None = None
        self._pieces: list[str] = []
        self._notes: list[Note] = []
        self._grounding = Grounding()
        self._signature: str | None = None
        self._streams = False
        self._calls = 0
        self._malformed = self._refused = False

    def feed(self, event: Event) -> bytes:
        """b"" where the event shows nothing yet."""
        match event:
            case PartDelta(text=text):
                self._pieces.append(text)
                if not self._streams or not text:
                    return b""
                if self._signature is None:
                    return TEXT + _encode(text) + self._tail
                return TEXT + _encode(text) + self._signed() + self._tail
            case PartStart():
                return self._part_start(event)
            case PartNote(note=note):
                self._notes.append(note)
                return b""
            case PartEnd():
                return self._part_end(event)
            case ReplyStart():
                self._reply_start(event)
                return b""
            case ReplyEnd():
                return self._reply_end(event)
            case ReplyError():
                return error_frame(error_of(event))

    @override
    def feed_texts(self, part: int, texts: list[str]) -> bytes:
        """Of many pieces."""
        self._pieces += texts
        return quoted_all(texts, TEXT, self._tail) if self._streams else b""

    def _reply_start(self, event: ReplyStart) -> None:
        self._usage = event.usage
        self._named = {
            "modelVersion": self._context.model or event.model,
            "responseId": event.id or self._context.reply_id,
        }
        self._behind = b'],"role":"model"},"index":0}],' + _encode(self._named)[1:] + END

    def _part_start(self, event: PartStart) -> bytes:
        self._start, self._pieces, self._notes = event, [], []
        self._streams = event.kind in STREAMED and not event.redacted
        self._refused = self._refused or event.kind is PartKind.REFUSAL
        self._calls += event.kind is PartKind.TOOL_CALL
        if event.kind is not PartKind.THINKING:
            self._tail = b"}" + self._behind
            return b""
        self._tail = THOUGHT + b"}" + self._behind
        return self._alone() if self._signature is not None else b""

    def _part_end(self, event: PartEnd) -> bytes:
        start = self._start
        if start is None:
            return b""
        if start.kind is PartKind.THINKING:
            if event.signer == NAME and event.signature:
                self._signature = event.signature
            return b""
        if self._notes or start.kind is PartKind.HOSTED_CALL or start.kind is PartKind.TEXT:
            self._grounding.take(start, "".join(self._pieces), self._notes)
        if self._streams:
            return b""
        part = whole_part(start, "".join(self._pieces), event, self._context, self._calls)
        if part is None:
            self._malformed = self._malformed or start.kind is PartKind.TOOL_CALL
            return b""
        signature = self._signed()
        return PARTS + _encode(part)[:-1] + signature + b"}" + self._behind

    def _signed(self) -> bytes:
        signature, self._signature = self._signature, None
        return b"" if signature is None else SIGNATURE + quoted(signature)

    def _alone(self) -> bytes:
        """A signature with nothing behind it."""
        return TEXT + b'""' + self._signed() + b"}" + self._behind

    def _reply_end(self, event: ReplyEnd) -> bytes:
        """Clients take a chunk without parts for a broken one."""
        part: dict[str, Any] = {"text": ""}
        if self._signature is not None:
            part["thoughtSignature"] = self._signature
        candidate = {
            "content": {"parts": [part], "role": "model"},
            "finishReason": stop_word(event.stop, refused=self._refused, malformed=self._malformed),
            "index": 0,
            **self._grounding.fields(),
        }
        usage = event.usage or self._usage
        counts = {} if usage is None else {"usageMetadata": usage_fields(usage)}
        return b"data: " + _encode({"candidates": [candidate], **counts, **self._named}) + END
