"""The headers of a reply: ours, and those of the vendor that a client may see."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from addons.accounts.masking import without
from addons.exchange import AttemptRecord, Exchange, Headers

JSON: Final = (b"content-type", b"application/json")
RETRY_AFTER: Final = "retry-after"

_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-z]+")
_OURS: Final = frozenset(("content-type", "cache-control", "request-id", "x-request-id", RETRY_AFTER))
_HOP: Final = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
    )
)
"""One connection's own business."""
_BODY: Final = frozenset(
    (
        "content-length",
        "content-encoding",
        "content-range",
        "accept-ranges",
        "content-md5",
        "content-digest",
        "repr-digest",
        "digest",
        "etag",
    )
)
"""How a body is framed, and sums of one that may have been changed."""
_ORIGIN: Final = frozenset(
    (
        "set-cookie",
        "set-cookie2",
        "alt-svc",
        "strict-transport-security",
        "public-key-pins",
        "expect-ct",
        "nel",
        "report-to",
        "reporting-endpoints",
        "clear-site-data",
        "content-security-policy",
        "content-security-policy-report-only",
        "location",
        "www-authenticate",
    )
)
"""What is meant for the vendor's own origin, or for a person at a browser."""
_KEPT_BACK: Final = _OURS | _HOP | _BODY | _ORIGIN
_KEPT_BACK_PREFIXES: Final = ("x-cliproxy-", "access-control-")


def reply_headers(
    exchange: Exchange, record: AttemptRecord, vendors: Mapping[str, str], stream_content_type: str
) -> Headers:
    """What a reply says of itself. `vendors`: the upstream's headers, names in lower case."""
    headers = [
        (b"content-type", stream_content_type.encode()) if exchange.stream else JSON,
        (b"x-cliproxy-provider", printable(record.provider)),
        (b"x-cliproxy-credential", printable(record.credential)),
        (b"x-cliproxy-model", printable(record.model)),
        (b"x-cliproxy-attempts", b"%d" % record.number),
        (b"x-cliproxy-losses", b"%d" % len(exchange.losses)),
    ]
    if exchange.stream:
        headers.append((b"cache-control", b"no-cache"))
    # Every vendor's reply has one, and their SDKs show it.
    request_id = printable(vendors.get("request-id") or vendors.get("x-request-id") or exchange.id)
    return (*headers, (b"request-id", request_id), (b"x-request-id", request_id))


def refusal_headers(vendors: Mapping[str, str], secrets: Iterable[str], *, passthrough: bool) -> Headers:
    """The vendor's headers that go with its refusal: when to come again in any case, the rest where it is wanted."""
    headers = passed(vendors, secrets) if passthrough else ()
    hint = vendors.get(RETRY_AFTER)
    return headers if hint is None else ((RETRY_AFTER.encode(), printable(hint)), *headers)


def passed(vendors: Mapping[str, str], secrets: Iterable[str]) -> Headers:
    """The vendor's headers for a client (`passthrough-headers`), without those that are ours to say."""
    return tuple(_passed(vendors, tuple(secrets)))


def printable(text: str) -> bytes:
    """Names from the config, or of the upstream's making, as a header can hold them."""
    return re.sub(r"[^ -~]", "?", text).encode()


def _passed(vendors: Mapping[str, str], secrets: tuple[str, ...]) -> Iterator[tuple[bytes, bytes]]:
    of_connection = {name.strip().lower() for name in vendors.get("connection", "").split(",")}
    for name, value in vendors.items():
        if name in _KEPT_BACK or name in of_connection or name.startswith(_KEPT_BACK_PREFIXES):
            continue
        if not _NAME.fullmatch(name):
            continue
        yield name.encode(), printable(without(value, secrets))
