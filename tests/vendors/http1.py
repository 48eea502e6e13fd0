"""HTTP/1.1 of the simulated vendors: h11 reads and frames."""

import asyncio
import time
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

import h11

from tests.vendors.connection import ClientGone, Connection, House, Request, Sender


class Http1Connection(Connection):
    """Requests one after the other, each answered by a task that dies with the client."""

    def __init__(self, server: House, number: int) -> None:
        super().__init__(server, number)
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=256 * 1024)
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._request: Request | None = None
        self._hung_up = False

    @property
    def method(self) -> str:
        """Of the request being answered."""
        return "" if self._head is None else self._head.method.decode()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._task is not None and self._request is not None and not self._hung_up:
            self.server.gone(self._request)
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._h11.receive_data(data)
        self._advance()

    def _advance(self) -> None:
        """Takes what h11 has read, up to the end of a request."""
        while self._task is None:
            try:
                event = self._h11.next_event()
            except h11.RemoteProtocolError:
                self.close()
                return
            match event:
                case h11.Request():
                    self._head = event
                    self._body.clear()
                    if self._h11.they_are_waiting_for_100_continue and self.transport is not None:
                        self.transport.write(
                            self._h11.send(h11.InformationalResponse(status_code=100, headers=[])) or b""
                        )
                case h11.Data():
                    self._body += event.data
                case h11.EndOfMessage():
                    self._task = asyncio.get_running_loop().create_task(self._answer())
                case _:
                    return

    async def _answer(self) -> None:
        self._request = self._read()
        try:
            await self.server.handler(self._request, Sender(self))
        except ClientGone:
            return
        except Exception as error:
            self.server.failures.append(error)
            self.close()
            return
        finally:
            self._task = None
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
            self._advance()
        else:
            self.close()

    def _read(self) -> Request:
        assert self._head is not None
        target = urlsplit(self._head.target.decode("latin-1"))
        headers = {name.decode(): value.decode("latin-1") for name, value in self._head.headers}
        return Request(
            method=self._head.method.decode(),
            path=target.path,
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            headers=headers,
            body=bytes(self._body),
            connection=self.number,
            at_s=time.monotonic(),
            resumed=self.resumed,
        )

    async def send_head(self, status: int, headers: Mapping[str, str]) -> None:
        """See Stream."""
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        await self._send(h11.Response(status_code=status, headers=raw, reason=_reason(status)))

    async def send_data(self, data: bytes) -> None:
        """See Stream."""
        await self._send(h11.Data(data=data))

    async def send_end(self) -> None:
        """See Stream."""
        await self._send(h11.EndOfMessage())

    async def _send(self, event: h11.Event) -> None:
        await self.write(self._h11.send(event) or b"")

    def close(self) -> None:
        """FIN behind what was written."""
        self._hung_up = True
        if self.transport is not None:
            self.transport.close()

    def reset(self) -> None:
        """RST."""
        self._hung_up = True
        self.hang_up()


def _reason(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
