"""What a dialect is: one record of functions. The registry finds it, nothing else needs to know it.

A dialect decodes requests into a `Conversation` and encodes one; decodes replies into events and encodes events.
It never imports another dialect.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from msgspec import Raw, Struct

from translators.conversation import NO_EXTRAS, Conversation, Loss, Reply, ThinkingWish
from translators.errors import GatewayError
from translators.events import Event, PartDelta
from translators.thinking import ThinkingRange


class Operation(StrEnum):
    """What a client wants from a route."""

    GENERATE = "generate"
    COUNT_TOKENS = "count_tokens"
    COMPACT = "compact"
    LIST_MODELS = "list_models"
    ONE_MODEL = "one_model"
    ABOUT = "about"  # what the server is
    UPGRADE = "upgrade"  # a WebSocket's handshake


@dataclass(frozen=True, slots=True)
class Route:
    """A path of the gateway that speaks a dialect.

    `{model}` in a path is the model that is asked for. `stream`: whether the reply is a stream, where the path says it
    and not the body. `envelope`: what its clients put around the dialect's bodies.
    """

    method: str
    path: str
    operation: Operation
    stream: bool | None = None
    envelope: "Envelope | None" = None


class Target(Struct, frozen=True):
    """What an encoder must know of the upstream beyond its dialect.

    `model`: the name to ask for. `genuine`: the vendor's own API, not a compatible one: it refuses fields that
    compatibles need, and the other way round. `keeps_thinking`: earlier thinking without a signature is wanted back.
    `max_output_tokens`: the model's limit where known. `thinking`: what the model's name asks for, which stands over
    what the body says. `thinking_range`: what the model can do of it; None where nobody knows, then the wish goes out
    as it is. `input_modalities`: what it can read ("text", "image", ...); None where nobody knows. `operation`: what is
    wanted of it.
    """

    model: str
    stream: bool = False
    genuine: bool = False
    keeps_thinking: bool = False
    max_output_tokens: int | None = None
    thinking: ThinkingWish | None = None
    thinking_range: ThinkingRange | None = None
    input_modalities: frozenset[str] | None = None
    operation: Operation = Operation.GENERATE


NO_NAMES: Final[Mapping[str, str]] = {}
NO_NAMESPACES: Final[Mapping[str, tuple[str, str]]] = {}


class Context(Struct, frozen=True):
    """What the reply's encoder needs of the request.

    `model`: as the client asked for it. `names`: tool names as the upstream knows them -> as the client declared them
    (only those that differ). `json_tool`: the tool whose arguments stand for structured output, as the upstream knows
    it. `boxed`: the answer stands in an object (see boxed). `reply_id`: letters and digits for replies without an id.
    `created_s`: Unix seconds. `freeform`: tools, as the client declared them, whose calls hold free text. `namespaces`:
    tools as the client declared them -> their group, and their name in it. `echo`: what a reply repeats of the request.
    `legacy_calls`: see Conversation.
    """

    model: str = ""
    names: Mapping[str, str] = NO_NAMES
    json_tool: str | None = None
    boxed: bool = False
    include_usage: bool = True
    freeform: frozenset[str] = frozenset()
    namespaces: Mapping[str, tuple[str, str]] = NO_NAMESPACES
    echo: Mapping[str, Raw] = NO_EXTRAS
    legacy_calls: bool = False
    reply_id: str = "000000000000000000000000"
    created_s: int = 0


class EncodedRequest(Struct, frozen=True):
    """A request in the upstream's dialect, and what the reply will need of it (see Context)."""

    body: bytes
    losses: tuple[Loss, ...] = ()
    names: Mapping[str, str] = NO_NAMES
    json_tool: str | None = None


class Peek(Struct, frozen=True):
    """What routing needs of a request, read without looking at the rest."""

    model: str
    stream: bool = False


class ModelInfo(Struct, frozen=True):
    """A model as a list shows it."""

    id: str
    owner: str
    created_s: int = 0
    display_name: str = ""
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    thinking: ThinkingRange | None = None
    input_modalities: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ()


class StreamDecoder(Protocol):
    """A vendor's stream in, neutral events out.

    feed(data): any split of the body. close(): once, at the end of the body; a stream without its proper end gives one
    ReplyError. Never raises on bad input, and gives nothing after ReplyEnd or ReplyError.
    """

    def feed(self, data: bytes) -> list[Event]: ...

    def close(self) -> list[Event]: ...


class StreamEncoder(Protocol):
    """Neutral events in, a client's frames out.

    feed(event): the frames it makes, b"" for none. Events come in order, one part at a time (see Serializer);
    after ReplyEnd or ReplyError the stream is complete. feed_texts(part, texts): the same for more pieces of the part
    whose piece was fed last, none of them empty; an encoder may have a faster way.
    """

    def feed(self, event: Event) -> bytes: ...

    def feed_texts(self, part: int, texts: list[str]) -> bytes:
        return b"".join([self.feed(PartDelta(part, text)) for text in texts])


class Reframer(Protocol):
    """Our stream as some clients of a dialect want it cut up. One for each exchange; never raises.

    feed(data): any split of the stream, its error frame too. close(): once, at the end of the body. What it gives may
    be followed by the dialect's keep-alive at any time. `content_type` stands for the dialect's.
    """

    content_type: str

    def feed(self, data: bytes) -> bytes: ...

    def close(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Envelope:
    """What some clients put around a dialect's bodies. Errors, and counts of tokens, stand outside.

    unwrap_request(body): the model, and the body that the dialect knows. Raises BadRequest. wrap_reply(body, id): a
    whole reply. wrap_stream(id): for a stream of them.
    """

    unwrap_request: Callable[[bytes], tuple[str, bytes]]
    wrap_reply: Callable[[bytes, str], bytes]
    wrap_stream: Callable[[str], Reframer]


@dataclass(frozen=True, slots=True)
class Counting:
    """How upstreams of a dialect count the tokens of a prompt.

    request(body, target): what they are asked, from the body of a generation. tokens(body): what their answer says;
    raises UpstreamError.
    """

    request: Callable[[bytes, Target], bytes]
    tokens: Callable[[bytes], int]


def call_id(upstream: str, context: Context, number: int) -> str:
    """What a client knows a call by. `upstream`: its id there, "" where it has none; `number`: which call of the reply
    it is, from 1."""
    return upstream or f"call_{context.reply_id}{number}"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One wire language. What the functions promise stands in the protocols above and below.

    decode_request(body): raises BadRequest only.
    encode_request(conversation, target): raises BadRequest where the dialect can't carry the conversation at all.
    decode_reply(body): a whole reply; raises UpstreamError where it is an error or no reply.
    encode_reply(reply, context): the body of a whole reply.
    decode_error(status, body, headers): what the vendor said, `retry_after_s` too; never raises.
    encode_error(error): the body of an error reply. The status is `error.status`.
    count_reply(tokens): the body that answers a token count. counting: how an upstream is asked for one, None where
    the dialect has no word for it.
    model_list(models), one_model(model): the bodies of the model routes. about: that of one about the server.
    keep_alive: bytes that a waiting client of a stream ignores.
    error_frame(error): what ends a stream in an error, at any point after its first byte.
    request_wire: the Struct that a request is read into, for the audit of unknown fields.
    own_request(body, target): a request between two sides of this dialect, less what the upstream could only refuse.
    whole_of(stream): a whole reply of this dialect from the stream of one, for a client that wants it whole; raises
    UpstreamError. Without it the reply is put together from its events.
    stream_of(body): the other way round, for a client that wants a stream where the upstream answered whole.
    client_only: no upstream is asked in it, so what would write its requests or read its replies raises.
    object_answers: structured output is an object there, and nothing else (see boxed).
    model_in_path: model and stream stand in the path, not in the body.
    model_key: the field of a reply that names the model.
    reframe(query): what a streaming client with this query needs behind our stream, None where it wants it as it is.
    forward_query(query): a client's query as it goes on to an upstream of this dialect.
    call_id(upstream, context, number): see above; a dialect whose clients take only some ids has its own.
    ask_usage(body), hide_usage(frames): where a stream tells usage only to a client that asks for it: the fields that
    ask, none where the client does; and whole frames without what such a client did not ask for.
    """

    name: str
    routes: tuple[Route, ...]
    peek: Callable[[bytes], Peek]
    decode_request: Callable[[bytes], Conversation]
    encode_request: Callable[[Conversation, Target], EncodedRequest]
    decode_reply: Callable[[bytes], Reply]
    encode_reply: Callable[[Reply, Context], bytes]
    stream_decoder: Callable[[], StreamDecoder]
    stream_encoder: Callable[[Context], StreamEncoder]
    decode_error: Callable[[int, bytes, Mapping[str, str]], GatewayError]
    encode_error: Callable[[GatewayError], bytes]
    error_frame: Callable[[GatewayError], bytes]
    count_reply: Callable[[int], bytes]
    model_list: Callable[[tuple[ModelInfo, ...]], bytes]
    one_model: Callable[[ModelInfo], bytes]
    about: bytes = b"{}"
    stream_content_type: str = "text/event-stream; charset=utf-8"
    keep_alive: bytes = b": keep-alive\n\n"
    request_wire: type[Struct] | None = None
    own_request: Callable[[bytes, Target], tuple[bytes, tuple[Loss, ...]]] | None = None
    counting: Counting | None = None
    whole_of: Callable[[bytes], bytes] | None = None
    stream_of: Callable[[bytes], bytes] | None = None
    client_only: bool = False
    object_answers: bool = False
    model_in_path: bool = False
    model_key: str = "model"
    reframe: Callable[[str], Reframer | None] | None = None
    forward_query: Callable[[str], str] | None = None
    call_id: Callable[[str, Context, int], str] = call_id
    ask_usage: Callable[[bytes], Mapping[str, object]] | None = None
    hide_usage: Callable[[bytes], bytes] | None = None
