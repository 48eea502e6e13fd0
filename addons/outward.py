"""The client's side of a reply: its head, and how its stream is cut up."""

from collections.abc import Collection, Mapping

from addons.exchange import AttemptRecord, Exchange, Headers, ReplyHead
from addons.reply_headers import passed, refusal_headers, reply_headers
from translators.dialect import Operation


class Outward:
    """Of one attempt. `secrets`: what no header may hold. `passthrough`: the vendor's headers reach the client."""

    def __init__(
        self, exchange: Exchange, record: AttemptRecord, secrets: Collection[str], *, passthrough: bool
    ) -> None:
        self._exchange = exchange
        self._record = record
        self._secrets = secrets
        self._passthrough = passthrough
        self._reframer = exchange.reframer() if exchange.stream else None

    def head(self, length: int | None, vendors: Mapping[str, str]) -> ReplyHead:
        """Status and headers. `length`: of a whole body. `vendors`: the upstream's headers, names in lower case."""
        reframer = self._reframer
        stream_type = self._exchange.client.stream_content_type if reframer is None else reframer.content_type
        headers = reply_headers(self._exchange, self._record, vendors, stream_type)
        if self._passthrough:
            headers += passed(vendors, self._secrets)
        return ReplyHead(200, headers, length)

    def refusal_headers(self, vendors: Mapping[str, str]) -> Headers:
        """The vendor's that go with its refusal."""
        return refusal_headers(vendors, self._secrets, passthrough=self._passthrough)

    def enveloped(self, body: bytes) -> bytes:
        """A whole reply in what this client wants around it; a stream's is in its cut."""
        exchange = self._exchange
        if exchange.envelope is None or exchange.stream or exchange.operation is not Operation.GENERATE:
            return body
        return exchange.envelope.wrap_reply(body, exchange.id)

    def cut(self, data: bytes) -> bytes:
        """A piece of our stream as this client wants it."""
        return data if self._reframer is None or not data else self._reframer.feed(data)

    def close(self) -> bytes:
        """What is left of it."""
        reframer, self._reframer = self._reframer, None
        return b"" if reframer is None else reframer.close()
