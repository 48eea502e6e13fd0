import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from addons.decompress import MAX_ENCODINGS, BadEncoding, Decompressor, TooLong, decompressed

PLAIN = b"data: " + bytes(range(256)) * 40
BOMB_BYTES = 64 << 20
MOST = 2 << 20


def bare_deflate(data: bytes) -> bytes:
    """Without zlib's header and sum, as old servers send it."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush()


def quick_brotli(data: bytes) -> bytes:
    compressed: bytes = brotli.compress(data, quality=1)
    return compressed


def zstd(data: bytes) -> bytes:
    compressed: bytes = zstandard.ZstdCompressor().compress(data)
    return compressed


COMPRESSED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "gzip, two members": ("GZIP", lambda data: gzip.compress(data[:99]) + gzip.compress(data[99:])),
    "deflate": ("deflate", zlib.compress),
    "bare deflate": ("deflate", bare_deflate),
    "br": ("br", quick_brotli),
    "zstd": ("zstd", zstd),
    "zstd, two frames": ("zstd", lambda data: zstd(data[:99]) + zstd(data[99:])),
    "several": ("br, identity, gzip", lambda data: gzip.compress(quick_brotli(data), 1)),
    "none": ("identity", bytes),
}


@given(how=st.sampled_from(sorted(COMPRESSED)), size=st.integers(1, 400))
def test_any_split_gives_the_same_bytes(how: str, size: int) -> None:
    encoding, compress = COMPRESSED[how]
    body = compress(PLAIN)
    decompressor = Decompressor(encoding)
    pieces = [decompressor.feed(body[start : start + size]) for start in range(0, len(body), size)]
    assert b"".join(pieces) == PLAIN
    assert decompressor.complete


@pytest.mark.parametrize("how", COMPRESSED)
def test_a_whole_body_is_read_to_its_end(how: str) -> None:
    encoding, compress = COMPRESSED[how]
    assert decompressed(compress(PLAIN), encoding, len(PLAIN)) == PLAIN
    assert decompressed(b"", encoding, 0) == b""


@pytest.mark.parametrize("how", COMPRESSED)
def test_so_is_a_long_one_that_hardly_shrinks(how: str) -> None:
    encoding, compress = COMPRESSED[how]
    body = random.Random(1).randbytes(5 << 20).hex().encode()
    assert decompressed(compress(body), encoding, len(body)) == body


@pytest.mark.parametrize("how", [how for how in COMPRESSED if how != "none"])
def test_a_body_without_its_end_is_refused(how: str) -> None:
    encoding, compress = COMPRESSED[how]
    with pytest.raises(BadEncoding):
        decompressed(compress(PLAIN)[:-3], encoding, len(PLAIN))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, br"])
def test_a_body_that_is_not_compressed_so_is_refused(encoding: str) -> None:
    with pytest.raises(BadEncoding):
        Decompressor(encoding).feed(b"{not compressed at all}" * 20)


@pytest.mark.parametrize("how", COMPRESSED)
def test_one_byte_too_many_is_too_long(how: str) -> None:
    encoding, compress = COMPRESSED[how]
    with pytest.raises(TooLong):
        decompressed(compress(PLAIN), encoding, len(PLAIN) - 1)


@pytest.mark.parametrize("how", ["gzip", "bare deflate", "br", "zstd", "several"])
def test_a_bomb_takes_no_more_memory_than_is_allowed(how: str) -> None:
    encoding, compress = COMPRESSED[how]
    bomb = compress(bytes(BOMB_BYTES))
    tracemalloc.start()
    try:
        with pytest.raises(TooLong):
            decompressed(bomb, encoding, MOST)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < MOST + (24 << 20)


def test_an_unknown_encoding_is_named() -> None:
    with pytest.raises(BadEncoding, match="rot13"):
        Decompressor("gzip, rot13")


def test_nobody_compresses_so_often() -> None:
    Decompressor(", ".join(["gzip"] * MAX_ENCODINGS))
    with pytest.raises(BadEncoding, match="times"):
        Decompressor(", ".join(["gzip"] * (MAX_ENCODINGS + 1)))
