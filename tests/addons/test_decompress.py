import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from addons.decompress import BadEncoding, Decompressor

PLAIN = b"data: " + bytes(range(256)) * 40

COMPRESSED = {
    "gzip": gzip.compress(PLAIN),
    "deflate": zlib.compress(PLAIN),
    "br": brotli.compress(PLAIN),
    "zstd": zstandard.ZstdCompressor().compress(PLAIN),
}


@given(encoding=st.sampled_from(sorted(COMPRESSED)), size=st.integers(1, 400))
def test_any_split_gives_the_same_bytes(encoding: str, size: int) -> None:
    body = COMPRESSED[encoding]
    decompressor = Decompressor(encoding)
    pieces = [decompressor.feed(body[start : start + size]) for start in range(0, len(body), size)]
    assert b"".join(pieces) == PLAIN


@pytest.mark.parametrize("encoding", sorted(COMPRESSED))
def test_a_body_that_is_not_compressed_so_is_refused(encoding: str) -> None:
    with pytest.raises(BadEncoding):
        Decompressor(encoding).feed(b"{not compressed at all}" * 20)


def test_an_unknown_encoding_is_named() -> None:
    with pytest.raises(BadEncoding, match="rot13"):
        Decompressor("rot13")
