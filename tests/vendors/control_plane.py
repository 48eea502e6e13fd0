"""What stands at a vendor's own name beside inference: accounts, settings, telemetry."""

import json
import ssl
from collections.abc import Mapping
from typing import Any

from tests.vendors.server import Request, Sender, Server


class ControlPlane:
    """Answers what its table has, and takes one credential: anybody else's is refused. It has no inference at all.

    `answers`: method and path -> the JSON of the reply. `requests`: all that came in; `unknown`: what the table lacks.
    """

    def __init__(self, bearer: str, answers: Mapping[str, Any], tls: ssl.SSLContext) -> None:
        self._bearer = bearer
        self._answers = answers
        self._server = Server(self._answer, lambda _: None, tls)
        self.requests: list[Request] = []
        self.unknown: list[str] = []

    @property
    def port(self) -> int:
        """Of the listener."""
        return self._server.port

    @property
    def failures(self) -> list[Exception]:
        """Bugs of its own."""
        return self._server.failures

    @property
    def paths(self) -> set[str]:
        """What was asked, as the table has it."""
        return {_asked(request) for request in self.requests}

    async def start(self) -> None:
        """Listens from now on."""
        await self._server.start()

    async def stop(self) -> None:
        """Closes everything."""
        await self._server.stop()

    async def _answer(self, request: Request, sender: Sender) -> None:
        self.requests.append(request)
        status, said = 200, self._answers.get(_asked(request))
        if request.headers.get("authorization") != f"Bearer {self._bearer}":
            status, said = 401, {"detail": "Could not parse your authentication token."}
        elif said is None:
            self.unknown.append(_asked(request))
            status, said = 404, {"detail": "Not Found"}
        await sender.whole(status, {"content-type": "application/json"}, json.dumps(said).encode())


def _asked(request: Request) -> str:
    return f"{request.method} {request.path}"
