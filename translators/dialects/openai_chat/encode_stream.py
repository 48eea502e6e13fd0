"""Neutral events -> chat chunks."""

from typing import Final, override

from translators import dialect
from translators.dialect import Context, call_id
from translators.dialects.openai_chat.finish import ID_PREFIX, UNSHOWN, finish_of
from translators.dialects.openai_chat.media import image_out
from translators.dialects.openai_chat.said_beside import annotations_of, logprobs_content
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
from translators.freeform import Unwrapper
from translators.jsonio import ENCODER, quoted, quoted_all
from translators.names import client_name
from translators.notes import Citation, Note
from translators.openai_chunks import chunk_head, last_chunks
from translators.openai_errors import error_frame

_KEY_OF_KIND: Final = {
    PartKind.TEXT: b'{"content":',
    PartKind.THINKING: b'{"reasoning_content":',
    PartKind.REFUSAL: b'{"refusal":',
}
_OPEN_TAIL: Final = b'},"finish_reason":null}]}\n\n'
_CALL_TAIL: Final = b"}}]" + _OPEN_TAIL


class StreamEncoder(dialect.StreamEncoder):
    """Neutral events in, chat chunks out. One part at a time (see Serializer).

    What all chunks of a reply share is made once, as is the beginning of each part's deltas. What is known of where
    words come from goes out behind them, when it is known how many they are.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._head = b""
        self._deltas: dict[int, tuple[bytes, bytes]] = {}  # part -> what stands before and behind its text
        self._odd: dict[int, tuple[bytes, bytes]] = {}  # the same for free-form calls and media
        self._wordless: set[int] = set()  # calls whose arguments have not begun
        self._calls = 0
        self._refused = False
        self._prompt: Usage | None = None
        self._kind: PartKind | None = None  # of the open part
        self._length = 0  # of its words, in characters
        self._said = 0  # characters of the texts before it
        self._citations: list[Citation] = []
        self._unwrapper: Unwrapper | None = None
        self._media: list[str] = []
        self._media_type = ""

    def feed(self, event: Event) -> bytes:
        """The chunks of an event."""
        match event:
            case PartDelta(part=part, text=text):
                delta = self._deltas.get(part)
                if delta is None or not text:
                    return self._odd_delta(part, text)
                self._length += len(text)
                self._wordless.discard(part)
                return delta[0] + quoted(text) + delta[1]
            case PartStart():
                return self._part_start(event)
            case PartNote(part=part, note=note):
                return self._note(part, note)
            case PartEnd(part=part):
                return self._part_end(part)
            case ReplyStart():
                return self._start(event)
            case ReplyEnd():
                return self._end(event)
            case ReplyError():
                return error_frame(error_of(event))

    @override
    def feed_texts(self, part: int, texts: list[str]) -> bytes:
        """Of many pieces."""
        delta = self._deltas.get(part)
        if delta is None:
            return super().feed_texts(part, texts)
        self._length += sum(map(len, texts))
        return quoted_all(texts, *delta)

    def _start(self, start: ReplyStart) -> bytes:
        self._prompt = start.usage
        self._head = chunk_head(start, self._context, b"chat.completion.chunk", ID_PREFIX)
        return self._chunk(b'{"role":"assistant","content":""') + _OPEN_TAIL

    def _part_start(self, start: PartStart) -> bytes:
        self._kind, self._length, self._citations = start.kind, 0, []
        if start.kind is PartKind.TOOL_CALL:
            return self._call_start(start)
        if start.kind is PartKind.MEDIA:
            return self._media_start(start)
        key = _KEY_OF_KIND.get(start.kind)
        if start.redacted or key is None:
            return b""
        self._refused |= start.kind is PartKind.REFUSAL
        self._deltas[start.part] = (self._chunk(key), _OPEN_TAIL)
        return b""

    def _call_start(self, start: PartStart) -> bytes:
        """Id, type and name on the first chunk of a call, then its arguments in pieces."""
        index = self._calls
        self._calls += 1
        client = client_name(self._context.names, start.name)
        if self._context.legacy_calls:
            return self._legacy_call(start.part, client)
        head = self._chunk(b'{"tool_calls":[{"index":%d,' % index)
        known_by = quoted(call_id(start.id, self._context, self._calls))
        if client in self._context.freeform:
            self._unwrapper = Unwrapper()
            self._odd[start.part] = (head + b'"custom":{"input":', _CALL_TAIL)
            kind, beginning = b"custom", b'"custom":{"name":%b,"input":""' % quoted(client)
        else:
            self._deltas[start.part] = (head + b'"function":{"arguments":', _CALL_TAIL)
            self._wordless.add(start.part)
            kind, beginning = b"function", b'"function":{"name":%b,"arguments":""' % quoted(client)
        return head + b'"id":%b,"type":"%b",%b' % (known_by, kind, beginning) + _CALL_TAIL

    def _legacy_call(self, part: int, name: str) -> bytes:
        """One alone can be said so."""
        if self._calls > 1:
            return b""
        head = self._chunk(b'{"function_call":{')
        self._deltas[part] = (head + b'"arguments":', b"}" + _OPEN_TAIL)
        self._wordless.add(part)
        return head + b'"name":%b,"arguments":""}' % quoted(name) + _OPEN_TAIL

    def _media_start(self, start: PartStart) -> bytes:
        """Sound goes out in pieces, a picture at its end, since it is one address; of a file there are only words."""
        kind, self._media_type, self._media = start.media_type.partition("/")[0], start.media_type or "image/png", []
        if kind == "audio":
            self._odd[start.part] = (self._chunk(b'{"audio":{"data":'), b"}" + _OPEN_TAIL)
            sound = quoted(f"audio_{self._context.reply_id}")
            return self._chunk(b'{"audio":{"id":%b,"transcript":""}' % sound) + _OPEN_TAIL
        self._odd[start.part] = (b"", b"")
        return b""

    def _odd_delta(self, part: int, text: str) -> bytes:
        if part not in self._odd or not text:
            return b""
        head, tail = self._odd[part]
        if self._unwrapper is not None:
            text = self._unwrapper.feed(text)
            return head + quoted(text) + tail if text else b""
        if head:
            return head + quoted(text) + tail
        self._media.append(text)
        return b""

    def _note(self, part: int, note: Note) -> bytes:
        if part not in self._deltas:
            return b""
        if isinstance(note, Citation):
            self._citations.append(note)
            return b""
        kind = b"refusal" if self._kind is PartKind.REFUSAL else b"content"
        content = ENCODER.encode(logprobs_content([note]))
        return self._chunk(b'{},"logprobs":{"%b":%b},"finish_reason":null}]}\n\n' % (kind, content))

    def _part_end(self, part: int) -> bytes:
        """A call without arguments still needs an object: clients parse what they got."""
        if part in self._odd:
            return self._odd_end(*self._odd.pop(part))
        delta = self._deltas.pop(part, None)
        if delta is None:
            return b""
        if part in self._wordless:
            return delta[0] + b'"{}"' + delta[1]
        return self._text_end() if self._kind is PartKind.TEXT else b""

    def _odd_end(self, head: bytes, tail: bytes) -> bytes:
        if self._unwrapper is None:
            return self._media_end(sound=bool(head))
        rest, self._unwrapper = self._unwrapper.close(), None
        return head + quoted(rest) + tail if rest else b""

    def _text_end(self) -> bytes:
        annotations = annotations_of(self._citations, self._said, self._length)
        self._said += self._length
        if not annotations:
            return b""
        return self._chunk(b'{"annotations":%b' % ENCODER.encode(annotations)) + _OPEN_TAIL

    def _media_end(self, *, sound: bool) -> bytes:
        media_type, self._media_type = self._media_type, ""
        if sound:
            return self._chunk(b'{"audio":{"expires_at":%d}' % self._context.created_s) + _OPEN_TAIL
        if not media_type.startswith("image/"):
            words = UNSHOWN.format(what=media_type)
            self._said += len(words)
            return self._chunk(b'{"content":') + quoted(words) + _OPEN_TAIL
        image = image_out(media_type, "".join(self._media))
        return self._chunk(b'{"images":[%b]' % ENCODER.encode(image)) + _OPEN_TAIL

    def _end(self, end: ReplyEnd) -> bytes:
        finish = finish_of(end.stop, self._calls, self._refused, self._context.legacy_calls)
        chunks = self._chunk(b'{},"finish_reason":"%b"}]}\n\n' % finish.encode())
        return chunks + last_chunks(self._head, end.usage or self._prompt, self._context)

    def _chunk(self, delta: bytes) -> bytes:
        return self._head + b'[{"index":0,"delta":' + delta
