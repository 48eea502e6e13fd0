"""HTTP/2 of the simulated vendors: h2 reads and frames."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

from tests.vendors.connection import ClientGone, Connection, House, Request, Sender

STREAMS: Final = 256
WINDOW_BYTES: Final = 1 << 24


class Http2Connection(Connection):
    """Requests side by side, each answered by a task that dies with its stream."""

    def __init__(self, server: House, number: int) -> None:
        super().__init__(server, number)
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        self.h2.local_settings.update(
            {SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS, SettingCodes.INITIAL_WINDOW_SIZE: WINDOW_BYTES}
        )
        self.streams: dict[int, Http2Stream] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(WINDOW_BYTES)
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for stream in tuple(self.streams.values()):
            stream.lost()

    def data_received(self, data: bytes) -> None:
        try:
            events = self.h2.receive_data(data)
        except ProtocolError:
            events = []
            self.close()
        for event in events:
            self._take(event)
        self.flush()

    def flush(self) -> None:
        """Writes what h2 has to say."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(self.h2.data_to_send())

    def close(self) -> None:
        """GOAWAY, and FIN behind it."""
        for stream in self.streams.values():
            stream.hung_up = True
        self.h2.close_connection(ErrorCodes.NO_ERROR)
        self.flush()
        if self.transport is not None:
            self.transport.close()

    def _take(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self.streams[event.stream_id] = Http2Stream(self, event.stream_id, _read_headers(event.headers))
            case DataReceived():
                self.streams[event.stream_id].body += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case StreamEnded():
                self.streams[event.stream_id].answer()
            case StreamReset():
                if event.stream_id in self.streams:
                    self.streams[event.stream_id].lost()
            case WindowUpdated() | RemoteSettingsChanged():
                for stream in self.streams.values():
                    stream.room.set()
            case _:
                pass


class Http2Stream:
    """See tests.vendors.connection.Stream."""

    def __init__(self, connection: Http2Connection, number: int, headers: dict[str, str]) -> None:
        self.body = bytearray()
        self.room = asyncio.Event()
        self.hung_up = False
        self._connection = connection
        self._number = number
        self._headers = headers
        self._task: asyncio.Task[None] | None = None
        self._request: Request | None = None

    @property
    def method(self) -> str:
        return self._headers[":method"]

    def answer(self) -> None:
        """The request is complete."""
        self._task = asyncio.get_running_loop().create_task(self._answer())

    def lost(self) -> None:
        """The client has reset it, or gone."""
        self._connection.streams.pop(self._number, None)
        if self._task is not None and self._request is not None and not self.hung_up:
            self._connection.server.gone(self._request)
            self._task.cancel()

    async def _answer(self) -> None:
        self._request = self._read()
        try:
            await self._connection.server.handler(self._request, Sender(self))
        except ClientGone:
            return
        except Exception as error:
            self._connection.server.failures.append(error)
            self.reset()
        finally:
            self._connection.streams.pop(self._number, None)
            self._task = None

    def _read(self) -> Request:
        target = urlsplit(self._headers[":path"])
        headers = {name: value for name, value in self._headers.items() if not name.startswith(":")}
        return Request(
            method=self.method,
            path=target.path,
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            headers={"host": self._headers[":authority"], **headers},
            body=bytes(self.body),
            connection=self._connection.number,
            at_s=time.monotonic(),
            protocol="HTTP/2",
            resumed=self._connection.resumed,
        )

    async def send_head(self, status: int, headers: Mapping[str, str]) -> None:
        self._check()
        self._connection.h2.send_headers(self._number, [(":status", str(status)), *headers.items()])
        await self._write()

    async def send_data(self, data: bytes) -> None:
        """In as many frames as the client has room for."""
        h2 = self._connection.h2
        sent = 0
        while sent < len(data):
            self._check()
            size = min(h2.local_flow_control_window(self._number), h2.max_outbound_frame_size, len(data) - sent)
            if size <= 0:
                self.room.clear()
                await self.room.wait()
                continue
            h2.send_data(self._number, data[sent : sent + size])
            sent += size
            await self._write()
            await asyncio.sleep(0)  # Others want to be heard, above all the client that cancels.

    async def send_end(self) -> None:
        self._check()
        self._connection.h2.end_stream(self._number)
        await self._write()

    async def flushed(self) -> None:
        await self._connection.flushed()

    def reset(self) -> None:
        """RST_STREAM."""
        self.hung_up = True
        if self._connection.transport is not None:
            self._connection.h2.reset_stream(self._number, ErrorCodes.INTERNAL_ERROR)
            self._connection.flush()

    def close(self) -> None:
        """GOAWAY, and the end of the connection."""
        self._connection.close()

    def _check(self) -> None:
        if self._connection.transport is None or self._number not in self._connection.streams:
            raise ClientGone

    async def _write(self) -> None:
        await self._connection.write(self._connection.h2.data_to_send())


def _read_headers(raw: Iterable[Any]) -> dict[str, str]:
    return {name.decode(): value.decode("latin-1") for name, value in raw}
