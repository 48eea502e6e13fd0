"""Chat replies, streamed and whole -> neutral events."""

from typing import Final

import msgspec
from msgspec import UNSET, Raw

from translators.assemble import Assembler
from translators.conversation import Reply
from translators.dialects.openai_chat import lenient, wire_reply
from translators.dialects.openai_chat.reply import Failed, ReplyMachine, check, check_finish
from translators.dialects.openai_chat.usage import decode_usage
from translators.errors import ErrorKind, GatewayError, UpstreamError
from translators.events import (
    Event,
    event_of,
)
from translators.jsonio import UNREADABLE
from translators.openai_errors import decode_error
from translators.sse import Frame, FrameSplitter, FrameTooLong

_CHUNK: Final = msgspec.json.Decoder(wire_reply.Chunk)
_HEAD: Final = msgspec.json.Decoder(wire_reply.Head)
_COMPLETION: Final = msgspec.json.Decoder(wire_reply.Completion)


class _Malformed(Failed):
    """A chunk that is no JSON object."""

    def __init__(self) -> None:
        super().__init__(UpstreamError(ErrorKind.SERVER, "the upstream sent a malformed chunk", status=502))


class StreamDecoder:
    """Chat chunks in, neutral events out.

    The reply ends at `[DONE]`, at the usage chunk behind the finish, or at the end of a body that had a finish:
    several vendors send no `[DONE]`.
    """

    def __init__(self) -> None:
        self._splitter = FrameSplitter()
        self._machine = ReplyMachine()
        self._done = False

    def feed(self, data: bytes) -> list[Event]:
        """The events of a piece of the body."""
        if self._done:
            return []
        try:
            for frame in self._splitter.feed(data):
                self._take(frame)
                if self._done:
                    break
        except FrameTooLong as error:
            self._fail(UpstreamError(ErrorKind.SERVER, str(error), status=502))
        except Failed as failed:
            self._fail(failed.error)
        return self._given()

    def close(self) -> list[Event]:
        """The events of the body's end."""
        if self._done:
            return []
        try:
            self._take_rest()
            if not self._done and self._machine.finish is None:
                raise Failed(UpstreamError(ErrorKind.SERVER, "the upstream's stream was cut", status=502))
            if not self._done:
                self._end()
        except Failed as failed:
            self._fail(failed.error)
        return self._given()

    def _take_rest(self) -> None:
        """What stands behind the last blank line. Half a chunk does no harm once the answer has its finish."""
        for frame in self._splitter.close():
            try:
                self._take(frame)
            except _Malformed:
                if self._machine.finish is None:
                    raise

    def _given(self) -> list[Event]:
        events = self._machine.events
        self._machine.events = []
        return events

    def _take(self, frame: Frame) -> None:
        data = frame.data
        if frame.event == "error":
            raise Failed(decode_error(0, data, {}))
        try:
            chunk = _CHUNK.decode(data)
        except UNREADABLE:
            self._take_odd(data)
            return
        choices = chunk.choices
        if choices is not None and len(choices) == 1 and chunk.usage is None and chunk.error is UNSET:
            choice = choices[0]
            delta = choice.delta
            if delta is not None and choice.finish_reason is None and not choice.index:  # nearly all of them
                if not self._machine.started:
                    self._machine.start(_head(data))
                self._machine.take(delta)
                if choice.logprobs is not None:
                    self._machine.chances(choice.logprobs)
                return
        self._take_chunk(chunk, data)

    def _take_odd(self, data: bytes) -> None:
        """What is no regular chunk: the end, nothing, or a chunk with something wrong in it."""
        word = data.strip()
        if word == b"[DONE]":
            if self._machine.finish is None and self._machine.empty:
                raise Failed(UpstreamError(ErrorKind.SERVER, "the upstream ended without an answer", status=502))
            self._end()
        elif word:
            chunk = lenient.decode(word, wire_reply.Chunk)
            if chunk is None:
                raise _Malformed
            self._take_chunk(chunk, word)

    def _take_chunk(self, chunk: wire_reply.Chunk, data: bytes) -> None:
        machine = self._machine
        if isinstance(chunk.error, Raw):
            check(chunk.error)
        finished = machine.finish is not None
        for choice in chunk.choices or ():
            if choice.index:
                continue
            if not machine.started:
                machine.start(_head(data))
            delta = choice.delta or choice.message
            if delta is not None:
                machine.take(delta)
            if choice.logprobs is not None:
                machine.chances(choice.logprobs)
            if choice.finish_reason:
                check_finish(choice.finish_reason)
                machine.finish = choice.finish_reason
        usage = chunk.usage or (chunk.x_groq.usage if chunk.x_groq is not None else None)
        if usage is not None:
            machine.usage = decode_usage(usage)
            if finished:
                self._end()

    def _end(self) -> None:
        if not self._machine.started:
            self._machine.start(wire_reply.Head())
        self._machine.end()
        self._done = True

    def _fail(self, error: GatewayError) -> None:
        self._done = True
        self._machine.events.append(event_of(error))


def decode_reply(body: bytes) -> Reply:
    """A whole reply. Raises UpstreamError where it is an error or no reply."""
    try:
        wire = _COMPLETION.decode(body)
    except UNREADABLE as error:
        found = lenient.decode(body, wire_reply.Completion)
        if found is None:
            raise UpstreamError(ErrorKind.SERVER, "the upstream's reply is not JSON", status=502) from error
        wire = found
    try:
        if isinstance(wire.error, Raw):
            check(wire.error)
        return _whole(wire)
    except Failed as failed:
        raise failed.error from failed


def _whole(wire: wire_reply.Completion) -> Reply:
    machine = ReplyMachine()
    choice = next((choice for choice in wire.choices or () if not choice.index), None)
    message = None if choice is None else choice.message or choice.delta
    if choice is None or message is None:
        raise UpstreamError(ErrorKind.SERVER, "the upstream's reply has no answer in it", status=502)
    if choice.finish_reason:
        check_finish(choice.finish_reason)
    for index, call in enumerate(message.tool_calls or ()):
        call.index = index
    usage = wire.usage or (wire.x_groq.usage if wire.x_groq is not None else None)
    machine.usage = decode_usage(usage) if usage is not None else None
    machine.finish = choice.finish_reason
    machine.start(wire)
    _take_whole(machine, message, choice.logprobs)
    machine.end()
    assembler = Assembler()
    for event in machine.events:
        assembler.take(event)
    return assembler.reply()


def _take_whole(machine: ReplyMachine, message: wire_reply.Delta, logprobs: wire_reply.LogprobsPiece | None) -> None:
    """The words before the calls, so that what is said about them still finds them open."""
    calls, message.tool_calls = message.tool_calls, None
    machine.take(message)
    if logprobs is not None:
        machine.chances(logprobs)
    if calls:
        machine.take(wire_reply.Delta(tool_calls=calls))


def _head(data: bytes) -> wire_reply.Head:
    try:
        return _HEAD.decode(data)
    except UNREADABLE:
        return lenient.decode(data, wire_reply.Head) or wire_reply.Head()
