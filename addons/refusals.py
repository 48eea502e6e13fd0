"""Why a request is refused before any upstream is asked. Each dialect words them for its own clients."""

from collections.abc import Sequence

from translators import ErrorKind, GatewayError


class UnknownPath(GatewayError):
    """Nothing is served there."""

    kind = ErrorKind.NOT_FOUND
    status = 404
    code = "unknown_url"

    def __init__(self, method: str, path: str, meant: str | None) -> None:
        hint = f"did you mean {meant}? Look at the client's base URL" if meant else "see GET / for what is"
        super().__init__(f"{method} {path[:200]} is not served here; {hint}")


class WrongMethod(GatewayError):
    """The path is served, with another method."""

    kind = ErrorKind.INVALID_REQUEST
    status = 405

    def __init__(self, method: str, path: str, allowed: Sequence[str]) -> None:
        super().__init__(f"{path} takes {' or '.join(allowed)}, not {method}")
        self.allowed = tuple(allowed)


class UnreadableBody(GatewayError):
    """The body's content-encoding is unknown, or the body is not what it says."""

    kind = ErrorKind.INVALID_REQUEST
    status = 400


class NotCounted(GatewayError):
    """Nobody who serves the model counts tokens, and the client's dialect can't be read for an estimate yet."""

    kind = ErrorKind.INVALID_REQUEST
    status = 400
    code = "not_translated_yet"

    def __init__(self, client: str) -> None:
        super().__init__(
            f"no provider of this model counts tokens in the dialect {client}, which can't be estimated here yet"
        )


class InternalError(GatewayError):
    """A fault of ours. The log has the rest."""

    kind = ErrorKind.SERVER
    status = 500

    def __init__(self, exchange_id: str) -> None:
        super().__init__(f"the gateway failed on this request; its log names flow={exchange_id[:8]}")
