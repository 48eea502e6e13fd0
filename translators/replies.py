"""A whole reply that is decoded already, as the client wants it."""

from translators.assemble import events_of
from translators.conversation import Reply
from translators.dialect import Context, Dialect
from translators.errors import BadRequest, ErrorKind, UpstreamError
from translators.events import Serializer
from translators.jsonio import with_fields
from translators.pipe import Keep, ReplyStream
from translators.structured import as_text


def whole(body: bytes, reply: Reply, upstream: Dialect, client: Dialect, context: Context) -> bytes:
    """In one piece. `body`: its own bytes, which stay where both sides speak one dialect."""
    if upstream is client:
        return renamed(body, client, context)
    return client.encode_reply(as_text(reply, context), context)


def streamed(body: bytes, reply: Reply, upstream: Dialect, client: Dialect, context: Context) -> bytes:
    """As the stream that it could have been; of its own bytes where both sides speak one dialect that can cut them."""
    if upstream is client and client.stream_of is not None:
        stream = ReplyStream(client.name, client.name, context=context, keep=Keep.NOTHING)
        return stream.feed(client.stream_of(body)) + stream.close()
    encoder = client.stream_encoder(context)
    serializer = Serializer()
    shown = as_text(reply, context)
    return b"".join(encoder.feed(ordered) for event in events_of(shown) for ordered in serializer.feed(event))


def renamed(body: bytes, client: Dialect, context: Context) -> bytes:
    """A reply of the client's own dialect: the same bytes, with the model's name as the client asked for it.

    Raises UpstreamError where a name is asked for and the body is no JSON object.
    """
    if not context.model:
        return body
    try:
        return with_fields(body, {client.model_key: context.model})
    except BadRequest as error:
        raise UpstreamError(ErrorKind.SERVER, "the upstream's reply is no JSON object", status=502) from error
