"""A simulated Code Assist: Gemini for those who have logged in to Google, and what their clients call beside it."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from tests.vendors.behaviour import Tokens
from tests.vendors.gemini import GeminiVendor
from tests.vendors.model import Prompt
from tests.vendors.rules import Asked, Refusal
from tests.vendors.server import Request
from tests.vendors.vendor import read_object

ROOT: Final = "/v1internal:"
GENERATE: Final = re.compile(r"/v1internal:(generate|streamGenerate)Content")
PROJECT: Final = "project-simulated"
TIER: Final = {"id": "standard-tier", "name": "Gemini Code Assist", "description": "", "isDefault": True}
CONTROL: Final[Mapping[str, Any]] = {
    "loadCodeAssist": {"currentTier": TIER, "allowedTiers": [TIER], "cloudaicompanionProject": PROJECT},
    "listExperiments": {"experimentIds": [], "flags": []},
    "retrieveUserQuota": {"buckets": []},
    "recordCodeAssistMetrics": {},
    "fetchAdminControls": {},
}
FIELDS: Final = frozenset(("model", "project", "user_prompt_id", "request", "enabled_credit_types"))


class CodeAssistVendor(GeminiVendor):
    """cloudcode-pa.googleapis.com. `keys`: the tokens it takes.

    Source: Gemini CLI 0.61, packages/core/src/code_assist.
    """

    def is_generation(self, request: Request) -> bool:
        """POST …:generateContent and …:streamGenerateContent."""
        return request.method == "POST" and GENERATE.fullmatch(request.path) is not None

    def authorize(self, request: Request) -> None:
        """Bearer only."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not self.known_key(token):
            raise Refusal("Request had invalid authentication credentials.", status=401)

    def check(self, asked: Asked) -> None:
        """The envelope, then what is in it."""
        for name in asked.body.keys() - FIELDS:
            raise Refusal(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')
        if asked.body.get("project") != PROJECT:
            raise Refusal("Permission denied on resource project.", status=403)
        super().check(_unwrapped(asked))

    def seen(self, asked: Asked) -> dict[str, Any]:
        """As at the API."""
        return super().seen(_unwrapped(asked))

    def other(self, request: Request) -> bytes:
        """What clients ask beside inference."""
        name = request.path.removeprefix(ROOT)
        if request.method == "POST" and name in CONTROL:
            read_object(request)
            return json.dumps(CONTROL[name]).encode()
        raise Refusal(f"The requested URL {request.path} was not found on this server.", status=404)

    def _chunk(
        self,
        parts: list[dict[str, Any]],
        finish: str,
        tokens: Tokens | None,
        body: dict[str, Any],
        prompt: Prompt,
        number: int,
    ) -> dict[str, Any]:
        said = super()._chunk(parts, finish, tokens, body, prompt, number)
        return {"response": said, "traceId": f"trace{number:06d}"}


def _unwrapped(asked: Asked) -> Asked:
    """As the API would have been asked."""
    inner = asked.body.get("request")
    if not isinstance(inner, dict):
        raise Refusal("Request contains an invalid argument.")
    action = asked.request.path.removeprefix(ROOT)
    path = f"/v1beta/models/{asked.body.get('model', '')}:{action}"
    body = {name: value for name, value in inner.items() if name != "session_id"}
    return Asked(replace(asked.request, path=path), body)
