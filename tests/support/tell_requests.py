"""An addon for tests: tells how clients ask, a line each, since vendors only see how we do."""

import logging

from mitmproxy import http


class TellRequests:
    """`asked: POST chatgpt.com/path HTTP/2.0 zstd`: what passes, what is answered here, what is refused."""

    name = "tell-requests"

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """As the client said it; `-` where the body is not compressed."""
        request = flow.request
        where = f"{request.host}{request.path.partition('?')[0]}"
        encoding = request.headers.get("content-encoding", "-")
        logging.info("asked: %s %s %s %s", request.method, where, request.http_version, encoding)


addons = [TellRequests()]
