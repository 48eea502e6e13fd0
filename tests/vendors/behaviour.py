"""What a simulated vendor does with a request: a reply, a refusal, or a way to fail."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """`redacted`: only the vendor itself can read it."""

    text: str
    redacted: bool = False


@dataclass(frozen=True, slots=True)
class ToolCall:
    """`arguments` is JSON text, so that a model can also write a bad one. Without an `id` the vendor makes one."""

    name: str
    arguments: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Declined:
    """The model's words when it will not do it."""

    text: str


type Part = Text | Thinking | ToolCall | Declined


class Stop(StrEnum):
    """Why the model stopped. AUTO: as the parts say."""

    AUTO = "auto"
    END = "end"
    LENGTH = "length"
    STOP_SEQUENCE = "stop_sequence"
    TOOLS = "tools"
    REFUSAL = "refusal"
    FILTER = "filter"


@dataclass(frozen=True, slots=True)
class Tokens:
    """`input` holds the cached and the cache-written ones, `output` the reasoning."""

    input: int
    output: int
    cached: int = 0
    cache_written: int = 0
    reasoning: int = 0


class How(StrEnum):
    """Ways in which a reply breaks off. SILENCE goes on afterwards."""

    RESET = "reset"
    CLOSE = "close"
    ERROR = "error"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Break:
    """`after` so many frames of a stream (0: behind the head; of a whole reply then half the body), None: before the
    head. `seconds` are for SILENCE; `status` and `message` for ERROR.
    """

    how: How
    after: int | None = 3
    seconds: float = 0.0
    status: int = 529
    message: str = "Overloaded"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model says, and how it comes.

    `delay_s`: before the head. `pace_s`: between frames, 0 is a burst in `writes` pieces. `interleaved`: parallel
    tool calls arrive in turns, where the dialect can. `whole`: one JSON body, also where a stream was asked for.
    `compressed`: how the body leaves, a name of compressing.ENCODINGS.
    """

    parts: tuple[Part, ...] = ()
    stop: Stop = Stop.AUTO
    stop_sequence: str | None = None
    usage: Tokens | None = None
    delay_s: float = 0.0
    pace_s: float = 0.0
    writes: int = 4
    interleaved: bool = False
    whole: bool = False
    compressed: str = ""
    broken: Break | None = None

    @property
    def why(self) -> Stop:
        """The stop, AUTO resolved."""
        if self.stop is not Stop.AUTO:
            return self.stop
        if any(isinstance(part, ToolCall) for part in self.parts):
            return Stop.TOOLS
        return Stop.REFUSAL if any(isinstance(part, Declined) for part in self.parts) else Stop.END


@dataclass(frozen=True, slots=True)
class Refused:
    """An error reply in the vendor's own form."""

    status: int
    message: str = ""
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Raw:
    """These bytes, whatever they are."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


type Behaviour = Reply | Refused | Raw


def text(words: str, **how: Any) -> Reply:
    """A reply of one text."""
    return Reply((Text(words),), **how)


def calls(*wanted: tuple[str, Mapping[str, Any]], **how: Any) -> Reply:
    """A reply of tool calls, parallel where there are several."""
    return Reply(tuple(ToolCall(name, json.dumps(arguments)) for name, arguments in wanted), **how)


def thought(thinking: str, words: str, **how: Any) -> Reply:
    """A reply that thinks before it speaks."""
    return Reply((Thinking(thinking), Text(words)), **how)


def refused(status: int, message: str = "", *, retry_after: str | None = None, code: str | None = None) -> Refused:
    """An error with an optional Retry-After, in its exact text."""
    return Refused(status, message, code, {} if retry_after is None else {"retry-after": retry_after})


def broken(reply: Reply, how: How, after: int | None = 3, **more: Any) -> Reply:
    """The same reply, which breaks off."""
    return replace(reply, broken=Break(how, after, **more))


LONG: Final = text("one two three four five six seven eight nine ten")
RESET_BEFORE_HEAD: Final = broken(LONG, How.RESET, None)
RESET_AFTER_HEAD: Final = broken(LONG, How.RESET, 0)
RESET_MIDWAY: Final = broken(LONG, How.RESET, 6)
CLOSED_BEFORE_HEAD: Final = broken(LONG, How.CLOSE, None)
HALF_A_STREAM: Final = broken(LONG, How.CLOSE, 6)
ERROR_AT_HEAD: Final = broken(LONG, How.ERROR, 0)
ERROR_MIDWAY: Final = broken(LONG, How.ERROR, 6)
HTML_PAGE: Final = Raw(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", "text/html")
INVALID_JSON: Final = Raw(200, b'{"id": "x", "content": [')
WRONG_CONTENT_TYPE: Final = Raw(200, b"<html>welcome to our portal</html>", "text/html")


def silent(seconds: float, after: int = 3) -> Reply:
    """A stream that pauses, and goes on."""
    return broken(LONG, How.SILENCE, after, seconds=seconds)


class Script:
    """Behaviours in a row, each used once; then what always() says; then the next script's or the model's turn."""

    def __init__(self) -> None:
        self._queue: list[Behaviour] = []
        self._always: Behaviour | None = None

    def then(self, *behaviours: Behaviour) -> "Script":
        """For the next requests, one each."""
        self._queue += behaviours
        return self

    def always(self, behaviour: Behaviour) -> "Script":
        """For every request behind the queue."""
        self._always = behaviour
        return self

    def next(self) -> Behaviour | None:
        """What to do now; None: nothing is written here."""
        return self._queue.pop(0) if self._queue else self._always


def pieces(words: str, size: int) -> Sequence[str]:
    """The text in deltas of so many characters; none for an empty one."""
    return [words[start : start + size] for start in range(0, len(words), size)]
