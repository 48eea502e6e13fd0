"""Two reframers, one behind the other."""

from translators.dialect import Reframer


class Chained:
    """See translators.dialect.Reframer. The last one's content type stands."""

    def __init__(self, first: Reframer, last: Reframer) -> None:
        self.content_type = last.content_type
        self._first = first
        self._last = last

    def feed(self, data: bytes) -> bytes:
        """Through both."""
        data = self._first.feed(data)
        return self._last.feed(data) if data else b""

    def close(self) -> bytes:
        """What either still holds."""
        rest = self._first.close()
        return (self._last.feed(rest) if rest else b"") + self._last.close()
