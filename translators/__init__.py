"""Translation between the dialects of AI vendors. Pure: bytes in, bytes out.

request = translate_request(body, "anthropic", "openai_chat", model="gpt-4.1")
stream = ReplyStream("openai_chat", "anthropic", context=request.context)
for data in upstream:
    client.write(stream.feed(data))
client.write(stream.close())
"""

from collections.abc import Mapping

from msgspec import Struct

from translators import registry, replies
from translators.conversation import Conversation, Loss
from translators.dialect import Context, Dialect, Target
from translators.errors import BadRequest, ErrorKind, GatewayError, UpstreamError
from translators.events import Usage
from translators.jsonio import with_fields
from translators.pipe import NO_CONTEXT, ReplyStream

__all__ = [
    "BadRequest",
    "Context",
    "ErrorKind",
    "GatewayError",
    "Loss",
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
) -> TranslatedRequest:
    """A client's request in the upstream's dialect. Raises BadRequest.

    `model` and `stream` as the upstream shall hear them, where they differ from what the client said; `target` says
    more about the upstream and then stands for both.
    """
    if client == upstream:
        return _edited(body, registry.dialect(client), model, stream, target)
    conversation = registry.dialect(client).decode_request(body)
    if target is None:
        target = Target(
            model=conversation.model if model is None else model,
            stream=conversation.stream if stream is None else stream,
        )
    return encode_conversation(conversation, upstream, target)


def _edited(
    body: bytes, dialect: Dialect, model: str | None, stream: bool | None, target: Target | None
) -> TranslatedRequest:
    """The client's own bytes, with model and stream as the upstream shall hear them."""
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
    context = Context(model=asked.model if "model" in changed else "")
    return TranslatedRequest(
        with_fields(body, changed) if changed else body, target.model, target.stream, losses, context
    )


def encode_conversation(conversation: Conversation, upstream: str, target: Target) -> TranslatedRequest:
    """A request that is decoded already, in the upstream's dialect. Raises BadRequest."""
    encoded = registry.dialect(upstream).encode_request(conversation, target)
    context = Context(
        model=conversation.model,
        names=encoded.names,
        json_tool=encoded.json_tool,
        include_usage=conversation.include_usage,
    )
    losses = conversation.losses + encoded.losses
    return TranslatedRequest(encoded.body, target.model, target.stream, losses, context)


def translate_reply(body: bytes, upstream: str, client: str, *, context: Context | None = None) -> bytes:
    """A whole reply in the client's dialect. Raises UpstreamError where the body is an error or no reply."""
    context = NO_CONTEXT if context is None else context
    if upstream == client:
        return replies.renamed(body, context)
    reply = registry.dialect(upstream).decode_reply(body)
    return replies.whole(reply, registry.dialect(client), context)


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
    reply = registry.dialect(upstream).decode_reply(body)
    return replies.streamed(reply, registry.dialect(client), NO_CONTEXT if context is None else context)
