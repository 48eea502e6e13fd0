"""The neutral request: what every dialect decodes into and encodes from.

Values, never changed once made: no cycle can come about, so the many small ones are none of the garbage collector's
business. JSON that only moves (schemas, arguments) stays text.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Raw, Struct

from translators.events import StopReason, Usage
from translators.notes import Citation, Note


class Loss(Struct, frozen=True, gc=False):
    """A field of the client's that the upstream's dialect cannot say.

    `path` is a JSON path into the client's body (`$.messages[2].content[0]`), or into the neutral conversation where
    only that is known.
    """

    path: str
    reason: str


class CacheMark(Struct, frozen=True, gc=False):
    """Everything up to here may be cached. `ttl` as the client wrote it ("5m", "1h")."""

    ttl: str | None = None


class Text(Struct, frozen=True, gc=False):
    """Words, and what is known about them."""

    text: str
    cache: CacheMark | None = None
    notes: tuple[Note, ...] = ()


class Image(Struct, frozen=True, gc=False):
    """A picture: base64 `data` with its `media_type`, or a `url`. `detail` is OpenAI's (low, high, auto)."""

    media_type: str = ""
    data: str = ""
    url: str = ""
    detail: str | None = None
    cache: CacheMark | None = None


class File(Struct, frozen=True, gc=False):
    """A document: base64 `data` with its `media_type`, plain `text`, a `url`, or a vendor's `file_id`."""

    media_type: str = ""
    data: str = ""
    text: str = ""
    url: str = ""
    file_id: str = ""
    name: str = ""
    context: str = ""
    cache: CacheMark | None = None


class Audio(Struct, frozen=True, gc=False):
    """Sound: base64 `data`; `format` is the end of its media type ("wav", "mp3", "L16;rate=24000")."""

    data: str
    format: str


class Video(Struct, frozen=True, gc=False):
    """A film: base64 `data` with its `media_type`, or a `url`."""

    media_type: str = ""
    data: str = ""
    url: str = ""


class Thinking(Struct, frozen=True, gc=False):
    """What the model thought. `signature` goes back to `signer` (a dialect) only. Redacted: `signature` is the data."""

    text: str
    signature: str | None = None
    signer: str | None = None
    redacted: bool = False


class Refusal(Struct, frozen=True, gc=False):
    """The model's own words for declining."""

    text: str


class ToolCall(Struct, frozen=True, gc=False):
    """`arguments` is the text of one JSON object; of a free-form tool it is `{"input": "the text"}` (see freeform)."""

    id: str
    name: str
    arguments: str
    cache: CacheMark | None = None


class ToolResult(Struct, frozen=True, gc=False):
    """What a tool gave back for the call `call_id`: text, images, files. `name`: the tool's, where that is said.

    Without an id it answers the oldest call of that tool, without a name of any, that has no result yet (see waiting).
    """

    call_id: str
    parts: tuple["Part", ...]
    failed: bool = False
    cache: CacheMark | None = None
    name: str = ""


class Hosted(StrEnum):
    """Tools that run at the vendor, and that more than one vendor has."""

    WEB_SEARCH = "web_search"
    WEB_FETCH = "web_fetch"
    CODE_EXECUTION = "code_execution"
    IMAGE_GENERATION = "image_generation"
    FILE_SEARCH = "file_search"


class HostedCall(Struct, frozen=True, gc=False):
    """The vendor ran one of its own tools. `arguments`: a JSON object, `{"query": ...}`, `{"url": ...}` or
    `{"code": ...}`."""

    id: str
    tool: Hosted
    arguments: str = "{}"


class HostedResult(Struct, frozen=True, gc=False):
    """What it gave back: what was printed, and the pages that were found."""

    call_id: str
    tool: Hosted
    text: str = ""
    sources: tuple[Citation, ...] = ()
    failed: bool = False


type Part = Text | Image | File | Audio | Video | Thinking | Refusal | ToolCall | ToolResult | HostedCall | HostedResult
"""None has subclasses. Where all of a long history are asked for their type, `type(part) is Text` stands: `isinstance`
takes four times as long to say no of a Struct, and a pattern that takes fields out makes a set of them."""


class Role(StrEnum):
    """Who speaks. Tool results are parts of user messages; system is for messages in mid-conversation."""

    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"


class Message(Struct, frozen=True, gc=False):
    """One message; neighbours may have the same role."""

    role: Role
    parts: tuple[Part, ...]
    name: str | None = None


class Grammar(Struct, frozen=True):
    """What a free-form tool's input must look like. `syntax`: "lark", "regex", or "" for any text."""

    syntax: str = ""
    definition: str = ""


class Tool(Struct, frozen=True):
    """A function the model may call. `schema` is a JSON schema, None where the client gave none.

    `freeform`: its input is one free text, of that grammar; it then has no schema. `namespace`: the group that the
    client declared it in; `name` is what the tool is called among all tools, and `own_name` what it is called within
    the group.
    """

    name: str
    description: str = ""
    schema: Raw | None = None
    strict: bool | None = None
    cache: CacheMark | None = None
    freeform: Grammar | None = None
    namespace: str = ""
    own_name: str = ""


class Place(Struct, frozen=True):
    """Where the user is, for a search."""

    city: str = ""
    region: str = ""
    country: str = ""
    timezone: str = ""


class HostedTool(Struct, frozen=True):
    """A tool of the vendor's own that the model may use. All but `tool` is for searches and fetches."""

    tool: Hosted
    max_uses: int | None = None
    allowed_domains: tuple[str, ...] = ()
    blocked_domains: tuple[str, ...] = ()
    place: Place | None = None
    context_size: str = ""


class ChoiceMode(StrEnum):
    """Whether the model may, must or must not call a tool."""

    AUTO = "auto"
    NONE = "none"
    ANY = "any"
    ONE = "one"


class ToolChoice(Struct, frozen=True):
    """`name` with mode ONE: a tool's, or where `hosted` one of `Hosted`."""

    mode: ChoiceMode
    name: str = ""
    hosted: bool = False


class ThinkingMode(StrEnum):
    """AUTO: the model decides how much."""

    OFF = "off"
    ON = "on"
    AUTO = "auto"


class ThinkingWish(Struct, frozen=True):
    """How much the model should think. `effort` is one of `thinking.EFFORTS`; either it or the budget may be given.

    `visible`: whether the client wants to see it (a summary at least), None where it did not say.
    """

    mode: ThinkingMode
    effort: str | None = None
    budget_tokens: int | None = None
    visible: bool | None = None

    @property
    def is_off(self) -> bool:
        """Whether it says, in any of its ways, that there is to be none."""
        return self.mode is ThinkingMode.OFF or self.effort == "none" or self.budget_tokens == 0


class OutputFormat(Struct, frozen=True):
    """Structured output: any JSON object (`schema` None), or one that follows `schema`."""

    schema: Raw | None = None
    name: str = ""
    description: str = ""
    strict: bool | None = None


NO_EXTRAS: Final[Mapping[str, Raw]] = {}


class Conversation(Struct, frozen=True):
    """One request, neutral.

    `logprobs`: how many likely tokens to tell in each place, 0 for the chosen one alone. `n`: how many answers.
    `extras`: top-level fields that are known in the client's dialect and have no neutral form; a foreign encoder turns
    each into a loss, named `$.<key>`, less those that mean the same in its own dialect. `echo`: fields that a reply in
    the client's dialect repeats. `legacy_calls`: the client reads one call, the way chat said it before there were
    tools. `losses`: what the decoder itself had to drop.
    """

    model: str
    messages: tuple[Message, ...]
    system: tuple[Text, ...] = ()
    tools: tuple[Tool, ...] = ()
    hosted: tuple[HostedTool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logprobs: int | None = None
    n: int | None = None
    stream: bool = False
    include_usage: bool = False
    thinking: ThinkingWish | None = None
    output_format: OutputFormat | None = None
    user: str | None = None
    service_tier: str | None = None
    extras: Mapping[str, Raw] = NO_EXTRAS
    echo: Mapping[str, Raw] = NO_EXTRAS
    legacy_calls: bool = False
    losses: tuple[Loss, ...] = ()


class Reply(Struct, frozen=True):
    """A whole reply, neutral: the sum of its events."""

    id: str
    model: str
    parts: tuple[Part, ...]
    stop: StopReason
    usage: Usage | None = None
    stop_sequence: str | None = None
