"""HTTP messages of our own, made without mitmproxy's type check of every field, which costs more than the rest."""

import time

from mitmproxy import http
from mitmproxy.net.http.status_codes import RESPONSES
from mitmproxy.net.http.url import hostport

from addons.exchange import Headers, UpstreamRequest

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class SentRequest(http.Request):
    """An attempt's request on its way. `answered`: some byte of a reply to it has come."""

    answered = False

    def __init__(self, data: http.RequestData) -> None:
        self.data = data


class _RequestData(http.RequestData):
    def __post_init__(self) -> None:
        pass


class _ResponseData(http.ResponseData):
    def __post_init__(self) -> None:
        pass


def sent_request(request: UpstreamRequest) -> SentRequest:
    """The request as mitmproxy sends it, with its framing. The body is not on it: it goes out beside."""
    return SentRequest(_request_data(request, request.headers, None))


def shown_request(request: UpstreamRequest, mask: bytes) -> http.Request:
    """The request as people may see it, with its body and without its credential."""
    secrets = request.secrets
    headers = tuple((name, mask if name.lower() in secrets else value) for name, value in request.headers)
    shown = http.Request.__new__(http.Request)
    shown.data = _request_data(request, headers, request.body)
    return shown


def response_of(status: int, headers: Headers, body: bytes | None) -> http.Response:
    """A response that begins now."""
    response = http.Response.__new__(http.Response)
    response.data = _ResponseData(
        http_version=b"HTTP/1.1",
        status_code=status,
        reason=RESPONSES.get(status, "").encode(),
        headers=headers_of(headers),
        content=body,
        trailers=None,
        timestamp_start=time.time(),
        timestamp_end=None,
    )
    return response


def headers_of(fields: Headers) -> http.Headers:
    """The headers that these are."""
    headers = http.Headers.__new__(http.Headers)
    headers.fields = fields
    return headers


def _request_data(request: UpstreamRequest, headers: Headers, body: bytes | None) -> http.RequestData:
    given = {name.lower() for name, _ in headers}
    if b"host" not in given:
        headers = ((b"host", hostport(request.scheme, request.host, request.port).encode("idna")), *headers)
    if b"content-length" not in given and (request.body or request.method in WITH_BODY):
        headers = (*headers, (b"content-length", b"%d" % len(request.body)))
    return _RequestData(
        host=request.host,
        port=request.port,
        method=request.method.encode(),
        scheme=request.scheme.encode(),
        authority=b"",
        path=request.path.encode(),
        http_version=b"HTTP/1.1",
        headers=headers_of(headers),
        content=body,
        trailers=None,
        timestamp_start=time.time(),
        timestamp_end=None,
    )
