"""A whole reply that is decoded already, as the client wants it."""

from translators.assemble import events_of
from translators.conversation import Reply
from translators.dialect import Context, Dialect
from translators.events import Serializer
from translators.jsonio import with_fields
from translators.structured import as_text


def whole(reply: Reply, client: Dialect, context: Context) -> bytes:
    """In one piece, in the client's dialect."""
    return client.encode_reply(as_text(reply, context.json_tool), context)


def streamed(reply: Reply, client: Dialect, context: Context) -> bytes:
    """As the stream that it could have been."""
    encoder = client.stream_encoder(context)
    serializer = Serializer()
    shown = as_text(reply, context.json_tool)
    return b"".join(encoder.feed(ordered) for event in events_of(shown) for ordered in serializer.feed(event))


def renamed(body: bytes, context: Context) -> bytes:
    """A reply of the client's own dialect: the same bytes, with the model's name as the client asked for it."""
    return with_fields(body, {"model": context.model}) if context.model else body
