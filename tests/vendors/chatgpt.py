"""The control plane of ChatGPT, as Codex needs it once somebody has logged in."""

import ssl
from collections.abc import Mapping
from typing import Any

from tests.vendors.control_plane import ControlPlane

CHECK = "GET /backend-api/wham/accounts/check"


def chatgpt(bearer: str, account: str, tls: ssl.SSLContext) -> ControlPlane:
    """Codex asks no model before it was told here where the account's workspace is. Source: Codex 0.169."""
    workspace = {
        "id": account,
        "workspace_backend_origin": "NO_CONSTRAINT",
        "account_routing_override": "NO_CONSTRAINT",
    }
    answers: Mapping[str, Any] = {
        CHECK: {"accounts": [workspace]},
        "GET /backend-api/codex/models": {"models": []},
        "GET /backend-api/wham/settings/user": {},
    }
    return ControlPlane(bearer, answers, tls)
