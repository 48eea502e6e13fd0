"""Why a request is refused before any upstream is asked. Each dialect words them for its own clients."""

from collections.abc import Sequence

from translators import ErrorKind, GatewayError


class UnknownPath(GatewayError):
    """Nothing is served there."""

    kind = ErrorKind.NOT_FOUND
    status = 404
    code = "unknown_url"

    def __init__(self, method: str, path: str, hint: str) -> None:
        super().__init__(f"{method} {path[:200]} is not served here; {hint}")


class DotSegments(GatewayError):
    """A path that means another one."""

    kind = ErrorKind.INVALID_REQUEST
    status = 400
    code = "bad_path"

    def __init__(self, path: str) -> None:
        super().__init__(f"{path[:200]} has a segment `.` or `..`: ask for the path that is meant")


class WrongMethod(GatewayError):
    """The path is served, with another method."""

    kind = ErrorKind.INVALID_REQUEST
    status = 405

    def __init__(self, method: str, path: str, allowed: Sequence[str]) -> None:
        super().__init__(f"{path} takes {' or '.join(allowed)}, not {method}")
        self.allowed = tuple(allowed)


class NoWebSocket(GatewayError):
    """A WebSocket's handshake. Codex takes this status as a word to use HTTP, at once."""

    kind = ErrorKind.INVALID_REQUEST
    status = 426
    code = "websocket_not_served"

    def __init__(self, path: str) -> None:
        super().__init__(f"no WebSocket is served at {path}: send the request as HTTP, POST {path}")


class CrossOrigin(GatewayError):
    """A browser's preflight, which carries no key, or a page's request without one: only who shows one is let in."""

    kind = ErrorKind.PERMISSION
    status = 403
    code = "cross_origin"

    def __init__(self) -> None:
        super().__init__("web pages may not call this gateway without a client key: call it from a program")


class NotServedByModel(GatewayError):
    """The model's providers can't do what the path asks for."""

    kind = ErrorKind.INVALID_REQUEST
    status = 400
    code = "operation_not_served"

    def __init__(self, model: str, path: str) -> None:
        super().__init__(f"no provider of the model {model[:80]!r} serves {path[:200]}")


class WrongBody(GatewayError):
    """A body that belongs at another path."""

    kind = ErrorKind.INVALID_REQUEST
    status = 400
    code = "wrong_path_for_body"

    def __init__(self, path: str, meant: str) -> None:
        super().__init__(f"{path} takes `messages`; a body with `input` or `instructions` belongs at {meant}")


class UnreadableBody(GatewayError):
    """The body's content-encoding is unknown, or the body is not what it says."""

    kind = ErrorKind.INVALID_REQUEST
    status = 400


class BodyTooLarge(GatewayError):
    """The body is longer than we hold, as it came or decompressed."""

    kind = ErrorKind.TOO_LARGE
    status = 413

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"the request's body is longer than {max_bytes >> 20} MB")


class InternalError(GatewayError):
    """A fault of ours. The log has the rest."""

    kind = ErrorKind.SERVER
    status = 500

    def __init__(self, exchange_id: str) -> None:
        super().__init__(f"the gateway failed on this request; its log names flow={exchange_id[:8]}")
