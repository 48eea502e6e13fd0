"""A Messages stream in, neutral events out."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct, field

from translators.dialects.anthropic import hosted
from translators.dialects.anthropic.citations import read_citation, read_citations
from translators.dialects.anthropic.decode import NAME
from translators.dialects.anthropic.errors import KINDS, STATUSES, error_of
from translators.dialects.anthropic.reply_wire import (
    DELTA,
    DELTA_START,
    EVENT,
    EVENTS,
    HEADS,
    LOOSE,
    TAILS,
    TEXT,
    BlockDelta,
    BlockStart,
    BlockStop,
    MessageDelta,
    MessageStart,
    MessageStop,
    ReplyBlock,
    ReplyMessage,
    StreamError,
)
from translators.dialects.anthropic.words import arguments_of, merged, stop_of
from translators.errors import ErrorKind
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
)
from translators.jsonio import UNREADABLE
from translators.sse import FrameSplitter, FrameTooLong, frame_of

KINDS_OF_BLOCKS: Final[Mapping[str, PartKind]] = {
    "text": PartKind.TEXT,
    "thinking": PartKind.THINKING,
    "redacted_thinking": PartKind.THINKING,
    "tool_use": PartKind.TOOL_CALL,
}


class _Open(Struct, eq=False):
    """A block that has begun. `held`: arguments that came with the start, for the case that no deltas follow.

    `tool`: what the vendor calls the tool of its own that it runs here; its arguments come in `pieces`, and are told at
    the end.
    """

    part: int
    signature: str = ""
    held: str = ""
    failed: bool = False
    tool: str = ""
    pieces: list[str] = field(default_factory=list)


class StreamDecoder:
    """feed(data): any split of the body. close(): once, at its end.

    Never raises on bad input: a malformed or cut stream ends in one ReplyError. A stream that ends after its stop
    reason but without `message_stop` counts as whole: the model had finished, and some compatibles leave it at that.
    Blocks of unknown types are skipped. A second `message_start` of the same message is skipped too;
    one of another message is an error, for the first message then never ended.
    Block indexes are the wire's, part numbers are our own: compatibles were seen to use an index twice.

    Nearly all frames say no more than the one before them but another piece of the same block. Their first and last
    bytes show it: then only the piece is read.
    """

    def __init__(self) -> None:
        self._frames = FrameSplitter()
        self._open: dict[int, _Open | None] = {}  # None: a block that is skipped
        self._head = b""  # how a frame begins that goes on with the last piece; b"": none does
        self._part = 0  # whose piece that was
        self._parts = 0
        self._calls = 0
        self._id: str | None = None  # None: nothing has begun
        self._usage: Usage | None = None
        self._stop: str | None = None
        self._stop_sequence: str | None = None
        self._explanation: str | None = None
        self._done = False

    def feed(self, data: bytes) -> list[Event]:
        """The events of the frames that are now whole."""
        events: list[Event] = []
        if self._done:
            return events
        try:
            chunks = self._frames.chunks(data)
        except FrameTooLong:
            self._fail(events, "the upstream sent a frame that does not end")
            return events
        for chunk in chunks:
            head = self._head
            if head and chunk.startswith(head):
                end = chunk.rfind(b'"') + 1
                if chunk[end:] in TAILS:
                    try:
                        text = TEXT.decode(chunk[len(head) : end])
                    except UNREADABLE:
                        text = ""
                    if text:
                        events.append(PartDelta(self._part, text))
                        continue
            if (frame := frame_of(chunk)) is not None:
                self._frame(frame.data, events)
                if self._done:
                    break
        return events

    def close(self) -> list[Event]:
        """The last events."""
        events: list[Event] = []
        for frame in self._frames.close():
            if not self._done:
                self._frame(frame.data, events)
        if not self._done:
            self._finish(events) if self._stop else self._fail(events, "the upstream's stream ended early")
        return events

    def _frame(self, data: bytes, events: list[Event]) -> None:
        self._head = b""
        try:
            event = DELTA.decode(data) if data.startswith(DELTA_START) else EVENT.decode(data)
        except UNREADABLE:
            self._odd(data, events)
            return
        if isinstance(event, BlockDelta):
            block = self._open.get(event.index)
            if block is not None:
                self._delta(block, event, events)
            elif event.index not in self._open:
                self._fail(events, "the upstream sent a piece of a block that is not open")
        elif self._id is None and type(event) not in (MessageStart, StreamError):
            self._fail(events, "the upstream's stream did not begin with message_start")
        else:
            self._on_event(event, events)

    def _on_event(self, event: object, events: list[Event]) -> None:
        match event:
            case MessageStart(message=message):
                self._start(message, events)
            case BlockStart():
                self._block_start(event, events)
            case BlockStop(index=index):
                self._block_stop(index, events)
            case MessageDelta():
                self._message_delta(event)
            case MessageStop():
                self._finish(events)
            case StreamError(error=error):
                self._error(error.type, error.message, events)

    def _start(self, message: ReplyMessage, events: list[Event]) -> None:
        message_id = message.id or ""
        if self._id is None:
            self._id = message_id
            self._usage = merged(None, message.usage)
            events.append(ReplyStart(message_id, message.model or "", self._usage))
        elif message_id != self._id:
            self._fail(events, "the upstream began a second message before the first had ended")

    def _block_start(self, event: BlockStart, events: list[Event]) -> None:
        self._block_stop(event.index, events)
        block = event.content_block
        kind = KINDS_OF_BLOCKS.get(block.type)
        if kind is None:
            self._open[event.index] = self._hosted_start(block, events)
            return
        part = self._parts
        self._parts += 1
        redacted = block.type == "redacted_thinking"
        held = ""
        if kind is PartKind.TOOL_CALL:
            self._calls += 1
            held = arguments_of(block.input)
        events.append(PartStart(part, kind, block.id or "", block.name or "", redacted))
        self._open[event.index] = _Open(part, (block.data if redacted else block.signature) or "", held)
        text = (block.text if kind is PartKind.TEXT else block.thinking) if kind is not PartKind.TOOL_CALL else ""
        if text:
            events.append(PartDelta(part, text))
        if block.citations:
            events += [PartNote(part, citation) for citation in read_citations(block.citations)]

    def _hosted_start(self, block: ReplyBlock, events: list[Event]) -> _Open | None:
        """What the vendor runs by itself, and what that gave back, which comes whole; None for any other block."""
        call_id, name = block.id or "", block.name or ""
        part = self._parts
        if block.type == "server_tool_use" and name in hosted.CALLS:
            self._parts += 1
            events.append(PartStart(part, PartKind.HOSTED_CALL, call_id, hosted.CALLS[name]))
            return _Open(part, held=arguments_of(block.input), tool=name)
        result = hosted.result_of(block.type, block.tool_use_id or "", block.content)
        if result is None:
            return None
        self._parts += 1
        events.append(PartStart(part, PartKind.HOSTED_RESULT, result.call_id, result.tool))
        if result.text:
            events.append(PartDelta(part, result.text))
        events += [PartNote(part, source) for source in result.sources]
        return _Open(part, failed=result.failed)

    def _delta(self, block: _Open, event: BlockDelta, events: list[Event]) -> None:
        delta = event.delta
        match delta.type:
            case "text_delta":
                text = delta.text
            case "input_json_delta":
                text = delta.partial_json
                if text:
                    block.held = ""
                if block.tool:
                    block.pieces.append(text or "")
                    return
            case "thinking_delta":
                text = delta.thinking
            case "signature_delta":
                block.signature = delta.signature or ""
                return
            case "citations_delta":
                citation = read_citation(delta.citation)
                if citation is not None:
                    events.append(PartNote(block.part, citation))
                return
            case _:
                return
        if text:
            events.append(PartDelta(block.part, text))
            self._head, self._part = HEADS[delta.type] % event.index, block.part

    def _block_stop(self, index: int, events: list[Event]) -> None:
        block = self._open.pop(index, None)
        if block is None:
            return
        if block.tool:
            arguments = hosted.arguments_of_call(block.tool, "".join(block.pieces) or block.held)
            events.append(PartDelta(block.part, arguments))
        elif block.held:
            events.append(PartDelta(block.part, block.held))
        signature = block.signature or None
        events.append(PartEnd(block.part, signature, NAME if signature else None, block.failed))

    def _message_delta(self, event: MessageDelta) -> None:
        delta = event.delta
        self._stop = delta.stop_reason or self._stop
        self._stop_sequence = delta.stop_sequence or self._stop_sequence
        if delta.stop_details is not None:
            self._explanation = delta.stop_details.explanation
        self._usage = merged(self._usage, event.usage)

    def _finish(self, events: list[Event]) -> None:
        """The end, of blocks too that the upstream left open (a call that max_tokens cut is one)."""
        for index in list(self._open):
            self._block_stop(index, events)
        if self._explanation:
            part = self._parts
            events += [PartStart(part, PartKind.REFUSAL), PartDelta(part, self._explanation), PartEnd(part)]
        events.append(ReplyEnd(stop_of(self._stop, self._calls), self._usage, self._stop_sequence))
        self._done = True

    def _odd(self, data: bytes, events: list[Event]) -> None:
        """A frame that is no known event: skipped where its type is just new."""
        try:
            loose = LOOSE.decode(data)
        except UNREADABLE:
            if data.strip() == b"[DONE]" and self._stop:  # OpenAI's word, said by compatibles of both
                self._finish(events)
            else:
                self._fail(events, "the upstream sent a frame that can't be read")
            return
        if loose.type in EVENTS:
            self._fail(events, f"the upstream sent a broken {loose.type} frame")
        elif loose.type is None and (error := error_of(loose.error)) is not None:
            self._error(error.type, error.message, events)

    def _error(self, word: str | None, message: str | None, events: list[Event]) -> None:
        kind = KINDS.get(word or "", ErrorKind.SERVER)
        events.append(ReplyError(kind, message or "the upstream failed without a word", STATUSES[kind]))
        self._done = True

    def _fail(self, events: list[Event], message: str) -> None:
        events.append(ReplyError(ErrorKind.SERVER, message, 502))
        self._done = True
