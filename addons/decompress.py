"""Compressed bodies, as they arrive: never more of them in memory than was asked for, whatever they claim to hold.

Upstreams are asked for no compression; some compress all the same.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol

import brotli
import zstandard

MAX_BODY_BYTES: Final = 64 << 20
"""The longest request, as it comes and decompressed. Vendors take 20 to 50 MB."""

MAX_REPLY_BYTES: Final = 256 << 20
MAX_ENCODINGS: Final = 3
PIECE_BYTES: Final = 1 << 20
ZLIB_READ_BYTES: Final = 64 << 10  # What zlib has not read yet is copied for each piece that comes out.
ZSTD_READ_BYTES: Final = 512  # A block of zstd takes 4 bytes and may hold 128 KB.

BROKEN: Final = (zlib.error, brotli.error, zstandard.ZstdError, EOFError)


class BadEncoding(Exception):
    """The body is not what its content-encoding says."""


class TooLong(BadEncoding):
    """There is more in the body than anybody wants."""


class Decompressor:
    """feed(data): what can be read so far, in any split. `encoding`: one, or several in the order they were applied.

    Raises BadEncoding; TooLong behind `max_bytes` of plain bytes.
    """

    def __init__(self, encoding: str, max_bytes: int = MAX_REPLY_BYTES) -> None:
        names = [name.strip().lower() for name in encoding.split(",")]
        self._readers = [_reader(name) for name in reversed(names) if name not in ("", "identity")]
        if len(self._readers) > MAX_ENCODINGS:
            raise BadEncoding(f"a body that is compressed {len(self._readers)} times")
        self._left = max_bytes

    @property
    def complete(self) -> bool:
        """Whether the compressed data has come to its end."""
        return all(reader.complete for reader in self._readers)

    def feed(self, data: bytes) -> bytes:
        """The plain bytes of one more piece."""
        pieces: Iterable[bytes] = (data,)
        for reader in self._readers:
            pieces = reader.read(pieces)
        return b"".join(self._counted(pieces))

    def _counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        try:
            for piece in pieces:
                self._left -= len(piece)
                if self._left < 0:
                    raise TooLong("the compressed body holds too much")
                yield piece
        except BROKEN as error:
            raise BadEncoding(f"the compressed body is broken: {error}") from error


def decompressed(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """A whole body. Raises BadEncoding, also where its end is missing, and TooLong."""
    decompressor = Decompressor(encoding, max_bytes)
    if not body:
        return body
    plain = decompressor.feed(body)
    if not decompressor.complete:
        raise BadEncoding("the compressed body has no end")
    return plain


class _Reader(Protocol):
    """One encoding. read(): compressed pieces in, plain ones out, none of them much longer than PIECE_BYTES."""

    @property
    def complete(self) -> bool: ...

    def read(self, pieces: Iterable[bytes]) -> Iterator[bytes]: ...


class _Zlib:
    """gzip, of several members too, and deflate: as zlib, which is meant, or bare, as some have always sent it."""

    def __init__(self) -> None:
        self.complete = False
        self._head = b""
        self._inflate: Any = None

    def read(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in _cut(pieces, ZLIB_READ_BYTES):
            data = piece
            if self._inflate is None:
                data = self._head = self._head + piece
                if len(data) < 2:
                    continue
                self._inflate = zlib.decompressobj(_window_bits(data))
            yield from self._inflated(data)

    def _inflated(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inflate.eof:
                self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
            yield self._inflate.decompress(data, PIECE_BYTES)
            self.complete = self._inflate.eof
            data = self._inflate.unused_data if self.complete else self._inflate.unconsumed_tail


class _Brotli:
    def __init__(self) -> None:
        self._inflate = brotli.Decompressor()

    @property
    def complete(self) -> bool:
        finished: bool = self._inflate.is_finished()
        return finished

    def read(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            plain = self._inflate.process(piece, output_buffer_limit=PIECE_BYTES)
            while plain or not self._inflate.can_accept_more_data():  # It says so with output still to come.
                yield plain
                plain = b"" if self.complete else self._inflate.process(b"", output_buffer_limit=PIECE_BYTES)


class _Zstd:
    def __init__(self) -> None:
        self.complete = False
        self._inflate = zstandard.ZstdDecompressor().decompressobj()

    def read(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in _cut(pieces, ZSTD_READ_BYTES):
            yield from self._inflated(piece)

    def _inflated(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inflate.eof:  # Another frame.
                self._inflate = zstandard.ZstdDecompressor().decompressobj()
            yield self._inflate.decompress(data)
            self.complete = self._inflate.eof
            data = self._inflate.unused_data if self.complete else b""


def _cut(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), size):
            yield piece[start : start + size]


def _window_bits(head: bytes) -> int:
    """For zlib, by the first two bytes. Source: RFC 1950, 2.2; RFC 1952, 2.3.1."""
    if head[0] & 0x0F == 8 and int.from_bytes(head[:2]) % 31 == 0:
        return zlib.MAX_WBITS
    return zlib.MAX_WBITS | 16 if head[:2] == b"\x1f\x8b" else -zlib.MAX_WBITS


def _reader(name: str) -> _Reader:
    make = _READERS.get(name)
    if make is None:
        raise BadEncoding(f"unknown content-encoding {name!r}")
    return make()


_READERS: Final[dict[str, Callable[[], _Reader]]] = {
    "gzip": _Zlib,
    "x-gzip": _Zlib,
    "deflate": _Zlib,
    "br": _Brotli,
    "zstd": _Zstd,
}
