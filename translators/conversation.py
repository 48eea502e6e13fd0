"""The neutral request: what every dialect decodes into and encodes from.

Values, never changed once made: no cycle can come about, so the many small ones are none of the garbage collector's
business. JSON that only moves (schemas, arguments) stays text.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Raw, Struct

from translators.events import StopReason, Usage


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
    """Words."""

    text: str
    cache: CacheMark | None = None


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
    """Sound: base64 `data`, `format` is "wav" or "mp3"."""

    data: str
    format: str


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
    """`arguments` is the text of one JSON object."""

    id: str
    name: str
    arguments: str
    cache: CacheMark | None = None


class ToolResult(Struct, frozen=True, gc=False):
    """What a tool gave back for the call `call_id`: text, images, files."""

    call_id: str
    parts: tuple["Part", ...]
    failed: bool = False
    cache: CacheMark | None = None


type Part = Text | Image | File | Audio | Thinking | Refusal | ToolCall | ToolResult


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


class Tool(Struct, frozen=True):
    """A function the model may call. `schema` is a JSON schema, None where the client gave none."""

    name: str
    description: str = ""
    schema: Raw | None = None
    strict: bool | None = None
    cache: CacheMark | None = None


class ChoiceMode(StrEnum):
    """Whether the model may, must or must not call a tool."""

    AUTO = "auto"
    NONE = "none"
    ANY = "any"
    ONE = "one"


class ToolChoice(Struct, frozen=True):
    """`name` with mode ONE."""

    mode: ChoiceMode
    name: str = ""


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

    `extras`: top-level fields that are known in the client's dialect and have no neutral form; a foreign encoder turns
    each into a loss, named `$.<key>`. `losses`: what the decoder itself had to drop.
    """

    model: str
    messages: tuple[Message, ...]
    system: tuple[Text, ...] = ()
    tools: tuple[Tool, ...] = ()
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
    stream: bool = False
    include_usage: bool = False
    thinking: ThinkingWish | None = None
    output_format: OutputFormat | None = None
    user: str | None = None
    service_tier: str | None = None
    extras: Mapping[str, Raw] = NO_EXTRAS
    losses: tuple[Loss, ...] = ()


class Reply(Struct, frozen=True):
    """A whole reply, neutral: the sum of its events."""

    id: str
    model: str
    parts: tuple[Part, ...]
    stop: StopReason
    usage: Usage | None = None
    stop_sequence: str | None = None
