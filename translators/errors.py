"""What can go wrong, named once. Each dialect words it for its own clients.

GatewayError
├── BadRequest              the client's request can't be read: names the path at fault
├── UpstreamError           a vendor refused or failed; its own message is kept
└── (addons add theirs: access, routing, exhausted pools)
"""

from enum import StrEnum
from typing import ClassVar


class ErrorKind(StrEnum):
    """The kinds of failure that every vendor has a word for."""

    INVALID_REQUEST = "invalid_request"
    AUTHENTICATION = "authentication"
    BILLING = "billing"
    PERMISSION = "permission"
    NOT_FOUND = "not_found"
    TOO_LARGE = "too_large"
    RATE_LIMIT = "rate_limit"
    TIMEOUT = "timeout"
    OVERLOADED = "overloaded"
    SERVER = "server"


KIND_OF_STATUS = {
    400: ErrorKind.INVALID_REQUEST,
    401: ErrorKind.AUTHENTICATION,
    402: ErrorKind.BILLING,
    403: ErrorKind.PERMISSION,
    404: ErrorKind.NOT_FOUND,
    408: ErrorKind.TIMEOUT,
    413: ErrorKind.TOO_LARGE,
    429: ErrorKind.RATE_LIMIT,
    503: ErrorKind.OVERLOADED,
    504: ErrorKind.TIMEOUT,
    529: ErrorKind.OVERLOADED,
}


def kind_of_status(status: int) -> ErrorKind:
    """The kind that an HTTP status stands for when the body says nothing better."""
    known = KIND_OF_STATUS.get(status)
    if known is not None:
        return known
    return ErrorKind.INVALID_REQUEST if 400 <= status < 500 else ErrorKind.SERVER


class GatewayError(Exception):
    """A failure that a client is told of, in its own dialect. str() may be shown: no secret, no body.

    `code` and `param` are the vendor's finer words where there are any ("model_not_found", "messages[3]").
    """

    kind: ErrorKind = ErrorKind.SERVER
    status: int = 500
    code: str | None = None
    param: str | None = None
    retry_after_s: float | None = None


class BadRequest(GatewayError):
    """The client's request is not what its dialect allows.

    `path` is a JSON path such as `$.messages[3].role`; `expected` says what should stand there.
    """

    kind: ErrorKind = ErrorKind.INVALID_REQUEST
    status: int = 400
    prefix: ClassVar[str] = "expected"

    def __init__(self, path: str, expected: str) -> None:
        super().__init__(f"{path}: {self.prefix} {expected}")
        self.path = path
        self.param = path.removeprefix("$").removeprefix(".") or None


class UpstreamError(GatewayError):
    """What a vendor said when it refused or failed, in neutral words."""

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        status: int,
        code: str | None = None,
        param: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.code = code
        self.param = param
        self.retry_after_s = retry_after_s
