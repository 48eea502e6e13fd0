"""A generateContent stream in, neutral events out."""

from typing import Final

import msgspec

from translators.dialects.gemini.arguments import BadPath
from translators.dialects.gemini.errors import error_of, upstream_error
from translators.dialects.gemini.framing import ArraySplitter, BrokenArray
from translators.dialects.gemini.grounding import Metadata, logprobs_of, metadata_of
from translators.dialects.gemini.parts import PartReader
from translators.dialects.gemini.wire import ABSENT, CHUNK, WORDS, Candidate, Chunk, PromptFeedback, WireUsage
from translators.dialects.gemini.words import UNSPECIFIED, merged, stop_of, usage_of
from translators.errors import ErrorKind
from translators.events import (
    Event,
    PartDelta,
    ReplyEnd,
    ReplyError,
    ReplyStart,
    StopReason,
    Usage,
    event_of,
)
from translators.jsonio import UNREADABLE
from translators.sse import BOM, FrameSplitter, FrameTooLong

ENDED_EARLY: Final = "the upstream's stream ended early"
UNREADABLE_CHUNK: Final = "the upstream sent a chunk that can't be read"
_WHITE: Final = b" \t\r\n"


class StreamDecoder:
    """feed(data): any split of the body, server-sent events or a JSON array. close(): once, at its end.

    Never raises on bad input: a malformed or cut stream ends in one ReplyError. The stream says nowhere that it is
    over: some models name a finish reason in every chunk, and counts may follow it. So the reply ends with the body,
    and one that named no reason was cut. Of several candidates the first is read.
    """

    def __init__(self) -> None:
        self._events = FrameSplitter()
        self._array: ArraySplitter | None = None
        self._head: bytearray | None = bytearray()  # None: the framing is known
        self._reader = ChunkReader()

    def feed(self, data: bytes) -> list[Event]:
        """The events of the chunks that are now whole."""
        events: list[Event] = []
        if self._reader.done:
            return events
        problem = ""
        try:
            chunks = self._chunks(data)
        except FrameTooLong:
            chunks, problem = [], "the upstream sent a chunk that does not end"
        except BrokenArray as error:
            chunks, problem = error.whole, "the upstream sent an array that can't be read"
        for chunk in chunks:
            self._reader.take(chunk, events)
            if self._reader.done:
                return events
        if problem:
            self._reader.fail(events, problem)
        return events

    def close(self) -> list[Event]:
        """The last events."""
        events: list[Event] = []
        if self._head is not None:  # Nothing but white space came.
            self._head = None
        for frame in self._events.close():
            if not self._reader.done:
                self._reader.take(frame.data, events, ENDED_EARLY)  # Mostly the half of a chunk.
        if not self._reader.done:
            self._reader.finish(events)
        return events

    def _chunks(self, data: bytes) -> list[bytes]:
        if self._head is not None:
            data = self._begin(self._head, data)
        if self._array is not None:
            return self._array.feed(data)
        return self._events.data(data) if data else []

    def _begin(self, head: bytearray, data: bytes) -> bytes:
        """Looks for the first letter, which tells the framing; what came so far, or b"" where it is not there yet."""
        head += data
        first = bytes(head).removeprefix(BOM).lstrip(_WHITE)[:1]
        if not first or (len(head) < len(BOM) and BOM.startswith(head)):
            return b""
        if first in b"[{":
            self._array = ArraySplitter()
        self._head = None
        return bytes(head).removeprefix(BOM)


class ChunkReader:
    """take(data): the JSON of one chunk. finish(): there are no more."""

    def __init__(self) -> None:
        self._parts = PartReader()
        self._begun = False
        self._usage: WireUsage | None = None
        self._finish = ""
        self._blocked: PromptFeedback | None = None
        self._explanation = ""
        self._grounding: Metadata | None = None
        self.done = False

    def take(self, data: bytes, events: list[Event], complaint: str = UNREADABLE_CHUNK) -> None:
        """Its events. Never raises. `complaint`: what is said where it can't be read."""
        words = self._parts.open
        if words is not None and words.plain:
            try:
                more = WORDS.decode(data)
            except UNREADABLE:
                words.plain = False
            else:
                text = more.candidates[0].content.parts[0].text
                if text:
                    words.pieces.append(text)
                    events.append(PartDelta(words.part, text))
                if more.usage_metadata is not None:
                    self._usage = merged(self._usage, more.usage_metadata)
                return
        try:
            chunk = CHUNK.decode(data)
        except UNREADABLE:
            if data.strip() != b"[DONE]":  # OpenAI's word, said by servers of both dialects.
                self.fail(events, complaint)
            return
        self.take_chunk(chunk, events)

    def take_chunk(self, chunk: Chunk, events: list[Event]) -> None:
        """The same, of one that is read already."""
        said = None if chunk.error is ABSENT else error_of(chunk.error)
        if said is not None:
            error = upstream_error(said)
            self._end(events, event_of(error))
        elif chunk.says_something:
            self._take_reply(chunk, events)

    def finish(self, events: list[Event]) -> None:
        """The end of the reply, of parts too that the upstream left open."""
        if not self._finish and self._blocked is None:
            self.fail(events, ENDED_EARLY)
            return
        stop = stop_of(self._finish, self._parts.calls) if self._finish else StopReason.REFUSAL
        explanation = self._explanation if stop is StopReason.REFUSAL else ""
        self._parts.note(self._grounding, None, events)
        if explanation:
            self._parts.refuse(explanation, events)
        self._parts.close(events)
        self._end(events, ReplyEnd(stop, self._counts()))

    def fail(self, events: list[Event], message: str) -> None:
        """The end of a reply that is none."""
        self._end(events, ReplyError(ErrorKind.SERVER, message, 502))

    def _take_reply(self, chunk: Chunk, events: list[Event]) -> None:
        if chunk.usage_metadata is not None:
            self._usage = merged(self._usage, chunk.usage_metadata)
        if not self._begun:
            self._begun = True
            events.append(ReplyStart(chunk.response_id or "", chunk.model_version or "", self._counts()))
        feedback = chunk.prompt_feedback
        if feedback is not None and feedback.block_reason and feedback.block_reason not in UNSPECIFIED:
            self._blocked = feedback
            self._explanation = feedback.block_reason_message or ""
        for candidate in chunk.candidates or ():
            if not candidate.index:
                self._take_candidate(candidate, events)

    def _take_candidate(self, candidate: Candidate, events: list[Event]) -> None:
        if candidate.finish_reason and candidate.finish_reason not in UNSPECIFIED:
            self._finish = candidate.finish_reason
            self._explanation = candidate.finish_message or self._explanation
        if candidate.grounding_metadata is not ABSENT:
            self._grounding = metadata_of(candidate.grounding_metadata) or self._grounding
        if candidate.content is not None and candidate.content.parts is not None:
            try:
                self._parts.take(candidate.content.parts, events)
            except (BadPath, *UNREADABLE):
                self.fail(events, "the upstream sent a call whose arguments can't be read")
        if candidate.logprobs_result is not ABSENT and not self.done:
            self._parts.note(None, logprobs_of(candidate.logprobs_result), events)

    def _counts(self) -> Usage | None:
        usage = None if self._usage is None else usage_of(self._usage)
        queries = self._grounding.web_search_queries if self._grounding is not None else None
        return msgspec.structs.replace(usage, searches=len(queries)) if usage is not None and queries else usage

    def _end(self, events: list[Event], event: Event) -> None:
        events.append(event)
        self.done = True
