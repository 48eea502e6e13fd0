"""The parts of a reply's chunks as events."""

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Raw, Struct, field

from translators.conversation import Hosted
from translators.dialects.gemini.arguments import Arguments
from translators.dialects.gemini.grounding import Metadata, citations_of
from translators.dialects.gemini.wire import CodeResult, ExecutableCode, FunctionCall, Part
from translators.dialects.gemini.words import NAME
from translators.events import Event, PartDelta, PartEnd, PartKind, PartNote, PartStart
from translators.jsonio import ENCODER
from translators.notes import Logprobs

OK: Final = "OUTCOME_OK"
UNNAMED: Final = "application/octet-stream"


def arguments_of(raw: Raw) -> str:
    """A call's arguments as text, without the white space of a whole reply; "" where there are none."""
    value = bytes(raw)
    return "" if value in (b"", b"null") else msgspec.json.format(value, indent=-1).decode()


class Open(Struct, eq=False):
    """The part that is being said. `arguments`: of a call whose arguments come in pieces. `pieces`: of words.

    `plain`: it is a text, and so far nothing came with it but its words.
    """

    part: int
    kind: PartKind
    plain: bool
    arguments: Arguments | None = None
    pieces: list[str] = field(default_factory=list)


class PartReader:
    """Text and thoughts come in increments, calls mostly whole.

    A signature proves the thinking that led to the part beside which it stands. So it ends the thinking before that
    part, and where none was shown it is a thinking part without text. Code that the vendor ran is a call of its own
    tool; what else its tools say, and files that only it has, is skipped. `open`: the part that is being said.
    """

    def __init__(self) -> None:
        self.open: Open | None = None
        self._parts = 0
        self._said: list[str] = []  # the text of the parts that have ended
        self._code = ""
        self.calls = 0

    def take(self, parts: Iterable[Part], events: list[Event]) -> None:
        """The next increments. Raises arguments.BadPath, and RecursionError."""
        for part in parts:
            if part.thought and part.text is not None:
                self._say(PartKind.THINKING, part.text, events)
            if part.thought_signature and part.is_known:
                self._sign(part.thought_signature, events)
            if part.function_call is not None:
                self._call(part.function_call, events)
            elif part.text and not part.thought:
                self._say(PartKind.TEXT, part.text, events)
            elif part.inline_data is not None and not part.thought:
                blob = part.inline_data
                self._whole(PartKind.MEDIA, blob.base64, events, media_type=blob.mime_type or UNNAMED)
            elif part.executable_code is not None or part.code_execution_result is not None:
                self._ran(part.executable_code, part.code_execution_result, events)

    def note(self, metadata: Metadata | None, logprobs: Logprobs | None, events: list[Event]) -> None:
        """What is said about the text that is open. Pages without one are what a search found."""
        is_open = self.open
        if is_open is None or is_open.kind is not PartKind.TEXT:
            if metadata is not None:
                self._searched(metadata, events)
            return
        if logprobs is not None:
            events.append(PartNote(is_open.part, logprobs))
        if metadata is not None:
            citations = citations_of(metadata, self._said, "".join(is_open.pieces))
            events += [PartNote(is_open.part, citation) for citation in citations]

    def _searched(self, metadata: Metadata, events: list[Event]) -> None:
        pages = list(citations_of(Metadata(grounding_chunks=metadata.grounding_chunks), (), ""))
        if not pages:
            return
        queries = metadata.web_search_queries or []
        arguments = ENCODER.encode({"query": queries[0]} if queries else {}).decode()
        call_id = f"search_{self._parts}"
        self._whole(PartKind.HOSTED_CALL, arguments, events, call_id, Hosted.WEB_SEARCH)
        number = self._parts
        self._parts += 1
        events.append(PartStart(number, PartKind.HOSTED_RESULT, call_id, Hosted.WEB_SEARCH))
        events += [PartNote(number, page) for page in pages]
        events.append(PartEnd(number))

    def refuse(self, words: str, events: list[Event]) -> None:
        """The vendor's explanation of why there is no (more) reply."""
        self._say(PartKind.REFUSAL, words, events)

    def close(self, events: list[Event]) -> None:
        """Ends the part that is open."""
        if self.open is not None:
            self._end(self.open, None, events)

    def _say(self, kind: PartKind, text: str, events: list[Event]) -> None:
        if not text:
            return
        is_open = self.open if self.open is not None and self.open.kind is kind else self._start(kind, events)
        is_open.pieces.append(text)
        events.append(PartDelta(is_open.part, text))

    def _ran(self, code: ExecutableCode | None, result: CodeResult | None, events: list[Event]) -> None:
        """Code that the vendor ran, or what it printed. Ids come from newer models only."""
        if code is not None:
            self._code = code.id or f"code_{self._parts}"
            arguments = ENCODER.encode({"code": code.code or ""}).decode()
            self._whole(PartKind.HOSTED_CALL, arguments, events, self._code, Hosted.CODE_EXECUTION)
        if result is not None:
            failed = (result.outcome or OK) not in (OK, "OUTCOME_UNSPECIFIED")
            call_id = result.id or self._code
            kind, tool = PartKind.HOSTED_RESULT, Hosted.CODE_EXECUTION
            self._whole(kind, result.output or "", events, call_id, tool, failed=failed)

    def _whole(
        self,
        kind: PartKind,
        text: str,
        events: list[Event],
        call_id: str = "",
        name: str = "",
        *,
        media_type: str = "",
        failed: bool = False,
    ) -> None:
        """A part that comes whole."""
        self.close(events)
        number = self._parts
        self._parts += 1
        events.append(PartStart(number, kind, call_id, name, media_type=media_type))
        if text:
            events.append(PartDelta(number, text))
        events.append(PartEnd(number, failed=failed))

    def _sign(self, signature: str, events: list[Event]) -> None:
        is_open = self.open
        if is_open is None or is_open.kind is not PartKind.THINKING:
            is_open = self._start(PartKind.THINKING, events)
        self._end(is_open, signature, events)

    def _call(self, call: FunctionCall, events: list[Event]) -> None:
        is_open = self.open
        if call.name:
            is_open = self._start(PartKind.TOOL_CALL, events, call.id or "", call.name)
            self.calls += 1
        if is_open is None or is_open.kind is not PartKind.TOOL_CALL:
            return  # The end of a call that has ended already.
        if call.partial_args:
            is_open.arguments = is_open.arguments or Arguments()
            for piece in call.partial_args:
                is_open.arguments.take(piece)
        arguments = arguments_of(call.args)
        if arguments:
            events.append(PartDelta(is_open.part, arguments))
            is_open.arguments = None
        if not call.will_continue:
            self._end(is_open, None, events)

    def _start(self, kind: PartKind, events: list[Event], call_id: str = "", name: str = "") -> Open:
        self.close(events)
        self.open = Open(self._parts, kind, kind is PartKind.TEXT)
        self._parts += 1
        events.append(PartStart(self.open.part, kind, call_id, name))
        return self.open

    def _end(self, part: Open, signature: str | None, events: list[Event]) -> None:
        if part.arguments is not None:
            events.append(PartDelta(part.part, part.arguments.text()))
        if part.kind is PartKind.TEXT:
            self._said += part.pieces
        events.append(PartEnd(part.part, signature, NAME if signature else None))
        self.open = None
