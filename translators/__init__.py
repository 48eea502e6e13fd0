"""Translation between the dialects of AI vendors. Pure: bytes in, bytes out.

request = translate_request(body, "anthropic", "openai_chat", model="gpt-4.1")
stream = ReplyStream("openai_chat", "anthropic", context=request.context)
for data in upstream:
    client.write(stream.feed(data))
client.write(stream.close())
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from translators import registry, replies
from translators.boxed import boxed
from translators.conversation import Conversation, Loss
from translators.counting import prompt_of
from translators.dialect import Context, Dialect, Operation, Peek, Target
from translators.errors import BadRequest, ErrorKind, GatewayError, UpstreamError
from translators.events import Usage
from translators.jsonio import with_fields
from translators.modalities import readable
from translators.pipe import NO_CONTEXT, Keep, ReplyStream
from translators.sound_schemas import with_sound_schemas

__all__ = [
    "BadRequest",
    "Context",
    "ErrorKind",
    "GatewayError",
    "Keep",
    "Loss",
    "Peek",
    "ReplyStream",
    "Target",
    "TranslatedRequest",
    "UpstreamError",
    "Usage",
    "encode_conversation",
    "stream_of",
    "translate_error",
    "translate_reply",
    "translate_request",
]


class TranslatedRequest(Struct, frozen=True):
    """A request in the upstream's dialect. `context` is what the reply will need of it."""

    body: bytes
    model: str
    stream: bool
    losses: tuple[Loss, ...]
    context: Context


def translate_request(
    body: bytes,
    client: str,
    upstream: str,
    *,
    model: str | None = None,
    stream: bool | None = None,
    target: Target | None = None,
    asked: Peek | None = None,
) -> TranslatedRequest:
    """A client's request in the upstream's dialect. Raises BadRequest.

    `model` and `stream` as the upstream shall hear them, where they differ from what the client said; `target` says
    more about the upstream and then stands for both. `asked`: what the client asked for, where its dialect says that in
    the path and not in the body.
    """
    if client == upstream:
        return _edited(body, registry.dialect(client), model, stream, target, asked)
    conversation = registry.dialect(client).decode_request(body)
    if asked is not None:
        conversation = msgspec.structs.replace(conversation, model=asked.model, stream=asked.stream)
    if target is None:
        target = Target(
            model=conversation.model if model is None else model,
            stream=conversation.stream if stream is None else stream,
        )
    return encode_conversation(conversation, upstream, target)


def _edited(
    body: bytes,
    dialect: Dialect,
    model: str | None,
    stream: bool | None,
    target: Target | None,
    asked: Peek | None,
) -> TranslatedRequest:
    """The client's own bytes, with model and stream as the upstream shall hear them."""
    if asked is None:
        asked = dialect.peek(body)
    if target is None:
        target = Target(
            model=asked.model if model is None else model, stream=asked.stream if stream is None else stream
        )
    changed: dict[str, object] = {}
    if target.model != asked.model:
        changed["model"] = target.model
    if target.stream != asked.stream:
        changed["stream"] = target.stream
    losses: tuple[Loss, ...] = ()
    if dialect.own_request is not None:
        body, losses = dialect.own_request(body, target)
    wish = dialect.ask_usage(body) if target.stream and dialect.ask_usage is not None else {}
    context = Context(model=asked.model if "model" in changed else "", include_usage=not wish)
    changed.update(wish)
    if changed and not dialect.model_in_path:
        body = with_fields(body, changed)
    return TranslatedRequest(body, target.model, target.stream, losses, context)


def encode_conversation(conversation: Conversation, upstream: str, target: Target) -> TranslatedRequest:
    """A request that is decoded already, in the upstream's dialect: to generate, or to count its tokens.

    Raises BadRequest.
    """
    dialect = registry.dialect(upstream)
    counting = dialect.counting if target.operation is Operation.COUNT_TOKENS else None
    conversation = with_sound_schemas(conversation if counting is None else prompt_of(conversation))
    conversation = readable(conversation, target.input_modalities)
    box = boxed(conversation.output_format) if conversation.output_format and dialect.object_answers else None
    if box is not None:
        conversation = msgspec.structs.replace(conversation, output_format=box)
    encoded = dialect.encode_request(conversation, target)
    body = encoded.body if counting is None else counting.request(encoded.body, target)
    grouped = {tool.name: (tool.namespace, tool.own_name) for tool in conversation.tools if tool.namespace}
    context = Context(
        model=conversation.model,
        names=encoded.names,
        json_tool=encoded.json_tool,
        boxed=box is not None,
        include_usage=conversation.include_usage,
        freeform=frozenset(tool.name for tool in conversation.tools if tool.freeform is not None),
        namespaces=grouped,
        echo=conversation.echo,
        legacy_calls=conversation.legacy_calls,
    )
    losses = conversation.losses + encoded.losses
    return TranslatedRequest(body, target.model, target.stream, losses, context)


def translate_reply(body: bytes, upstream: str, client: str, *, context: Context | None = None) -> bytes:
    """A whole reply in the client's dialect. Raises UpstreamError where the body is an error or no reply."""
    context = NO_CONTEXT if context is None else context
    if upstream == client:
        return replies.renamed(body, registry.dialect(client), context)
    spoken = registry.dialect(upstream)
    return replies.whole(body, spoken.decode_reply(body), spoken, registry.dialect(client), context)


def translate_error(
    status: int,
    body: bytes,
    upstream: str,
    client: str,
    *,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """The vendor's refusal in the client's dialect: its status and its body. A redirection is the gateway's failure."""
    if upstream == client:
        return status, body
    error = registry.dialect(upstream).decode_error(status, body, headers or {})
    return error.status if error.status >= 400 else 502, registry.dialect(client).encode_error(error)


def stream_of(body: bytes, upstream: str, client: str, *, context: Context | None = None) -> bytes:
    """A whole reply as the stream that a streaming client waits for. Raises UpstreamError."""
    spoken, context = registry.dialect(upstream), NO_CONTEXT if context is None else context
    return replies.streamed(body, spoken.decode_reply(body), spoken, registry.dialect(client), context)
