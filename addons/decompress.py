"""Compressed bodies, as they arrive. Upstreams are asked for none; some compress all the same."""

import zlib
from typing import Final, Protocol

import brotli
import zstandard


class BadEncoding(Exception):
    """The body is not what its content-encoding says."""


class _Inflater(Protocol):
    def __call__(self, data: bytes, /) -> bytes: ...


class Decompressor:
    """feed(data): what can be read so far, in any split. Raises BadEncoding."""

    def __init__(self, encoding: str) -> None:
        make = _MAKERS.get(encoding.strip().lower())
        if make is None:
            raise BadEncoding(f"unknown content-encoding {encoding!r}")
        self._inflate = make()

    def feed(self, data: bytes) -> bytes:
        """The plain bytes of one more piece."""
        try:
            return self._inflate(data)
        except (zlib.error, brotli.error, zstandard.ZstdError, EOFError) as error:
            raise BadEncoding(f"the compressed body is broken: {error}") from error


def _gzip() -> _Inflater:
    return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress  # 32: gzip or zlib, by its header


def _brotli() -> _Inflater:
    inflate: _Inflater = brotli.Decompressor().process
    return inflate


def _zstd() -> _Inflater:
    return zstandard.ZstdDecompressor().decompressobj().decompress


_MAKERS: Final = {"gzip": _gzip, "x-gzip": _gzip, "deflate": _gzip, "br": _brotli, "zstd": _zstd}
