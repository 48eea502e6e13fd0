"""Plain HTTP, for what no SDK would send."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Got:
    """An answer. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


def ask(
    url: str,
    method: str = "GET",
    *,
    body: bytes | Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = 30.0,
) -> Got:
    """One request on a connection of its own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=timeout_s)
    sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    target = parts.path or "/"
    try:
        connection.request(
            method,
            f"{target}?{parts.query}" if parts.query else target,
            body=sent,
            headers={"content-type": "application/json", **(headers or {})}
            if sent is not None
            else dict(headers or {}),
        )
        response = connection.getresponse()
        return Got(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()


class Line:
    """A connection with a POST on it, whose answer need not be waited for: the client hangs up on leaving."""

    def __init__(self, url: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=30)
        self._asked = parts.path, json.dumps(body).encode(), {"content-type": "application/json", **headers}
        self._response: http.client.HTTPResponse | None = None
        self.ask_again()
        self._socket = self._connection.sock

    def ask_again(self) -> None:
        """The same POST on the same connection."""
        path, body, headers = self._asked
        self._connection.request("POST", path, body, headers)

    def read(self) -> bytes:
        """The first bytes of the answer's body."""
        self._response = self._connection.getresponse()
        return self._response.read1()

    def read_rest(self) -> bytes:
        """What follows the first bytes, to the end of the answer."""
        assert self._response is not None
        return self._response.read()

    def read_all(self) -> bytes:
        """The whole body. The connection must be the one that was opened."""
        assert self._connection.sock is self._socket
        self._response = self._connection.getresponse()
        return self._response.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._response is not None:
            self._response.close()
        self._connection.close()
