"""Replies that leave compressed, each frame so that it can be read at once."""

import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import brotli
import zstandard

from tests.vendors.server import Sender


class CompressingSender(Sender):
    """Sends what another sender would, compressed. `encoding`: one of ENCODINGS."""

    def __init__(self, sender: Sender, encoding: str) -> None:
        super().__init__(sender.stream)
        self._name, make = ENCODINGS[encoding]
        self._press = make()

    async def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Of unknown length."""
        kept = {name: value for name, value in headers.items() if name != "content-length"}
        await super().head(status, {**kept, "content-encoding": self._name})

    async def data(self, data: bytes) -> None:
        """Compressed and flushed."""
        await super().data(self._press.frame(data))

    async def end(self) -> None:
        """The end of the compressed data, then that of the body."""
        await super().data(self._press.rest())
        await super().end()


class Zlib:
    """gzip and both forms of deflate, by zlib's window bits."""

    def __init__(self, window_bits: int) -> None:
        self._press = zlib.compressobj(wbits=window_bits)

    def frame(self, data: bytes) -> bytes:
        return self._press.compress(data) + self._press.flush(zlib.Z_SYNC_FLUSH)

    def rest(self) -> bytes:
        return self._press.flush()


class Brotli:
    """br."""

    def __init__(self) -> None:
        self._press: Any = brotli.Compressor(quality=1)

    def frame(self, data: bytes) -> bytes:
        return bytes(self._press.process(data) + self._press.flush())

    def rest(self) -> bytes:
        return bytes(self._press.finish())


class Zstd:
    """zstd."""

    def __init__(self) -> None:
        self._press = zstandard.ZstdCompressor().compressobj()

    def frame(self, data: bytes) -> bytes:
        return self._press.compress(data) + self._press.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    def rest(self) -> bytes:
        return self._press.flush()


ENCODINGS: Final[Mapping[str, tuple[str, Callable[[], Zlib | Brotli | Zstd]]]] = {
    "gzip": ("gzip", lambda: Zlib(zlib.MAX_WBITS | 16)),
    "deflate": ("deflate", lambda: Zlib(zlib.MAX_WBITS)),
    "bare deflate": ("deflate", lambda: Zlib(-zlib.MAX_WBITS)),
    "br": ("br", Brotli),
    "zstd": ("zstd", Zstd),
}
